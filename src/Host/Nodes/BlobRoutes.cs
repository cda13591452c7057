using System.Buffers;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace IterativeDpo.Host.Nodes;

/// <summary>
/// A node's artifacts over HTTP, <c>/blobs/SHA-256</c>: GET and HEAD (ranges too), and PUT. A file is opened by a digest alone, never by a
/// text that somebody sent.
/// </summary>
public static class BlobRoutes
{
    private const int PieceBytes = 1 << 18;

    public static void MapBlobs(this IEndpointRouteBuilder routes, ArtifactStore store, BlobLimits limits)
    {
        var uploads = new SemaphoreSlim(limits.Uploads);
        routes.MapMethods("/blobs/{digest}", [HttpMethods.Get, HttpMethods.Head], context => SendAsync(context, store));
        routes.MapMethods("/blobs/{digest}", [HttpMethods.Put], context => TakeAsync(context, store, limits, uploads));
    }

    private static async Task SendAsync(HttpContext context, ArtifactStore store)
    {
        if (!TryParse(context, out var digest))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "this is no SHA-256 (64 lower-case hexadecimal digits)");
            return;
        }
        // A damaged one is none: whoever asks gets it elsewhere, or puts it here anew.
        if (!store.ContainsWhole(digest))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"there is no artifact {digest} here");
            return;
        }
        var tag = new EntityTagHeaderValue($"\"{digest.Hex}\"");
        await TypedResults
            .PhysicalFile(Path.GetFullPath(store.PathOf(digest)), "application/octet-stream", entityTag: tag, enableRangeProcessing: true)
            .ExecuteAsync(context);
        Telemetry.Sent(HttpMethods.IsHead(context.Request.Method) ? 0 : context.Response.ContentLength ?? 0);
    }

    private static async Task TakeAsync(HttpContext context, ArtifactStore store, BlobLimits limits, SemaphoreSlim uploads)
    {
        if (!TryParse(context, out var digest))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "this is no SHA-256 (64 lower-case hexadecimal digits)");
        }
        else if (store.ContainsWhole(digest))
        {
            context.Response.StatusCode = StatusCodes.Status200OK;
        }
        else if (context.Request.ContentLength > limits.MaxBytes)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, $"an artifact may have {limits.MaxBytes} bytes at most");
        }
        else if (!uploads.Wait(0))
        {
            context.Response.Headers.RetryAfter = "1";
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, $"{limits.Uploads} artifacts are being taken already");
        }
        else
        {
            try
            {
                context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = limits.MaxBytes;
                await StoreAsync(context, store, digest);
            }
            finally
            {
                uploads.Release();
            }
        }
    }

    private static async Task StoreAsync(HttpContext context, ArtifactStore store, Digest digest)
    {
        try
        {
            using var incoming = store.Receive(digest);
            await CopyAsync(context.Request.Body, incoming, context.RequestAborted);
            if (incoming.Complete())
            {
                context.Response.StatusCode = StatusCodes.Status201Created;
            }
            else
            {
                await RefuseAsync(
                    context,
                    StatusCodes.Status400BadRequest,
                    $"these {incoming.Length} bytes are not those of artifact {digest}");
            }
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(context, e.StatusCode, e.Message);
        }
        catch (StorageException e)
        {
            await RefuseAsync(
                context,
                IoFailure.IsFull(e) ? StatusCodes.Status507InsufficientStorage : StatusCodes.Status500InternalServerError,
                e.Message);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The sender is gone, and nothing was kept.
        }
    }

    private static async Task CopyAsync(Stream body, IncomingArtifact incoming, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                Telemetry.Received(count);
                await incoming.WriteAsync(buffer.AsMemory(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool TryParse(HttpContext context, out Digest digest)
    {
        try
        {
            digest = Digest.Parse((string)context.Request.RouteValues["digest"]!);
            return true;
        }
        catch (FormatException)
        {
            digest = default;
            return false;
        }
    }

    internal static Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync($"{text}\n");
    }
}
