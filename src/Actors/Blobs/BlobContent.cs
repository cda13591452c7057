using System.Net;

namespace IterativeDpo.Actors.Blobs;

/// <summary>An artifact's bytes as the body of a request.</summary>
/// <param name="advanced">Called before each piece, and with the whole at the end.</param>
internal sealed class BlobContent(FileStream file, Action<bool> advanced) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = new byte[BlobClient.PieceBytes];
        while (await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            advanced(false);
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }
        advanced(true);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = file.Length;
        return true;
    }
}
