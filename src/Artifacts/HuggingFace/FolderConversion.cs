using System.Numerics.Tensors;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>Writes the model of a folder as a GGUF, some rows at a time: however large it is, it takes a few megabytes of memory.</summary>
/// <param name="type">F32, F16, BF16 or Q8_0 for every map; null keeps each as it is.</param>
/// <param name="progress">Gets the bytes read so far, and how many there are.</param>
public sealed class FolderConversion(
    ModelFolder folder,
    TensorType? type,
    IProgress<(long Done, long Total)>? progress,
    CancellationToken cancellationToken)
{
    /// <summary>Changes whenever a folder is converted to other bytes than before.</summary>
    public const int Version = 1;

    private const int BytesAtOnce = 1 << 20;

    private long _done, _total;

    /// <summary>Writes the file whole or not at all.</summary>
    /// <exception cref="UserInputException">The tokenizer cannot be told or llama.cpp has none like it, or the type does not fit the
    /// model's shapes.</exception>
    /// <exception cref="Store.StorageException">No space, no permission.</exception>
    public void Write(string path)
    {
        var config = folder.Config;
        var tokenizer = new HubTokenizer(folder.Path, config.VocabSize);
        var metadata = tokenizer.Read();
        var tensors = folder.Tensors.ToList();
        _total = tensors.Sum(tensor => tensor.Parts.Sum(part => TypeOf(part).ByteLength((long)part.Rows * tensor.Columns)));
        // llama.cpp takes blanks behind special tokens away where the name says Phi-3, and there alone.
        var writer = ModelWriter.WriterOf(
            tokenizer.StripsAsPhi3 ? "Phi-3" : config.Architecture.Name.Replace("phi3", "phi", StringComparison.Ordinal),
            config,
            metadata);
        foreach (var tensor in tensors)
        {
            var stored = ModelWriter.TypeOf(path, tensor.Tensor, type ?? TypeOf(tensor));
            writer.Add(tensor.Tensor.Name, tensor.Tensor.Shape, stored, stream => Write(stream, tensor, stored));
        }
        ModelWriter.Finish(path, writer, config, type ?? TypeOf(tensors[0]));
    }

    private TensorType TypeOf(HubPart part) => folder[part.Name].Tensor.Type;

    /// <summary>The type that a tensor has, which is any of its parts' where they agree.</summary>
    private TensorType TypeOf(HubTensor tensor) =>
        tensor.Parts.All(part => TypeOf(part) == TypeOf(tensor.Parts[0])) ? TypeOf(tensor.Parts[0]) : TensorType.F32;

    /// <summary>Reads and encodes some rows while those before them are written.</summary>
    private void Write(Stream stream, HubTensor tensor, TensorType stored)
    {
        var (columns, config) = (tensor.Columns, folder.Config);
        var rowBytes = tensor.Parts.Max(part => TypeOf(part).ByteLength(columns));
        // Whole heads where their rows move, and whole rows in any case.
        var unit = tensor.IsRotated ? config.HeadDim : 1;
        var atOnce = (int)Math.Min(tensor.Parts.Max(part => part.Rows), Math.Max(1, BytesAtOnce / (rowBytes * unit)) * unit);
        var values = new float[atOnce * columns];
        var bytes = atOnce * Math.Max(rowBytes, stored.ByteLength(columns));
        byte[][] targets = [new byte[bytes], new byte[bytes]];
        var (writing, turn) = (Task.CompletedTask, 0);
        try
        {
            foreach (var (part, row) in tensor.Parts.SelectMany(part => Every(part.Rows, atOnce).Select(row => (part, row))))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var target = targets[turn++ % 2];
                var count = Math.Min(atOnce, part.Rows - row);
                var length = Read(tensor, part, row, count, stored, target, values);
                writing.GetAwaiter().GetResult();
                writing = Task.Run(() => stream.Write(target, 0, length), CancellationToken.None);
                progress?.Report((_done += TypeOf(part).ByteLength((long)count * columns), _total));
            }
        }
        finally
        {
            writing.GetAwaiter().GetResult();
        }
    }

    private static IEnumerable<int> Every(int rows, int atOnce)
    {
        for (var row = 0; row < rows; row += atOnce) yield return row;
    }

    /// <summary>Some rows of a part as the GGUF stores them.</summary>
    /// <returns>How many bytes they are.</returns>
    private int Read(HubTensor tensor, HubPart part, int row, int count, TensorType stored, byte[] target, float[] values)
    {
        var (file, source) = folder[part.Name];
        var (columns, config) = (tensor.Columns, folder.Config);
        var (rowBytes, storedBytes) = ((int)source.Type.ByteLength(columns), (int)stored.ByteLength(columns));
        var bytes = target.AsSpan(0, count * rowBytes);
        file.Read(source, (long)(part.FirstRow + row) * rowBytes, bytes);
        if (tensor.IsRotated)
            RotaryOrder.Change(bytes.ToArray(), rowBytes, config, RopeKind.HalfSplit, config.Architecture.Rope).CopyTo(bytes);
        if (stored == source.Type && !tensor.IsAroundZero) return bytes.Length;
        // The encoded rows overwrite the read ones, so all are decoded first.
        OnEveryCore(count, (first, some) =>
        {
            var floats = values.AsSpan(first * columns, some * columns);
            TensorDecoder.Decode(source.Type, target.AsSpan(first * rowBytes, some * rowBytes), floats);
            if (tensor.IsAroundZero) TensorPrimitives.Add(floats, 1, floats);
        });
        OnEveryCore(count, (first, some) => TensorEncoder.Encode(
            stored,
            values.AsSpan(first * columns, some * columns),
            target.AsSpan(first * storedBytes, some * storedBytes)));
        return count * storedBytes;
    }

    /// <param name="work">Gets the first of some rows, and how many.</param>
    private static void OnEveryCore(int rows, Action<int, int> work)
    {
        var parts = Math.Min(rows, Environment.ProcessorCount);
        var each = (rows + parts - 1) / parts;
        Parallel.For(0, parts, part =>
        {
            var first = Math.Min(rows, part * each);
            work(first, Math.Min(each, rows - first));
        });
    }
}
