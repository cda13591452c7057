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
        var tensors = HubNames.ListTensors(config).Concat(folder.Head is null ? [] : [folder.Head]).ToList();
        _total = tensors.Sum(tensor => SizeOf(folder[tensor.Name].Tensor));
        // llama.cpp takes blanks behind special tokens away where the name says Phi-3, and there alone.
        var writer = ModelWriter.WriterOf(
            tokenizer.StripsAsPhi3 ? "Phi-3" : config.Architecture.Name.Replace("phi3", "phi", StringComparison.Ordinal),
            config,
            metadata);
        foreach (var tensor in tensors)
        {
            var stored = ModelWriter.TypeOf(path, tensor.Tensor, type ?? folder[tensor.Name].Tensor.Type);
            writer.Add(tensor.Tensor.Name, tensor.Tensor.Shape, stored, stream => Write(stream, tensor, stored));
        }
        ModelWriter.Finish(path, writer, config, type ?? folder[tensors[0].Name].Tensor.Type);
    }

    private static long SizeOf(Safetensors.SafetensorsTensor tensor) => tensor.Type.ByteLength(tensor.Elements);

    /// <summary>Reads and encodes some rows while those before them are written.</summary>
    private void Write(Stream stream, HubTensor tensor, TensorType stored)
    {
        var (file, source) = folder[tensor.Name];
        var (columns, config) = (tensor.Tensor.Shape.Length == 1 ? 1 : tensor.Tensor.Shape[^1], folder.Config);
        var rowBytes = (int)source.Type.ByteLength(columns);
        var rows = source.Elements / columns;
        // Whole heads where their rows move, and whole rows in any case.
        var unit = tensor.IsRotated ? config.HeadDim : 1;
        var atOnce = Math.Min(rows, Math.Max(1, BytesAtOnce / (rowBytes * unit)) * unit);
        var values = new float[atOnce * columns];
        byte[][] targets =
        [
            new byte[Math.Max(stored.ByteLength(values.Length), (long)atOnce * rowBytes)],
            new byte[Math.Max(stored.ByteLength(values.Length), (long)atOnce * rowBytes)],
        ];
        var writing = Task.CompletedTask;
        try
        {
            for (var row = 0; row < rows; row += atOnce)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var target = targets[row / atOnce % 2];
                var count = Math.Min(atOnce, rows - row);
                var bytes = target.AsSpan(0, count * rowBytes);
                file.Read(source, (long)row * rowBytes, bytes);
                if (tensor.IsRotated)
                    RotaryOrder.Change(bytes.ToArray(), rowBytes, config, RopeKind.HalfSplit, config.Architecture.Rope).CopyTo(bytes);
                var length = bytes.Length;
                if (stored != source.Type || tensor.IsAroundZero)
                {
                    var storedBytes = (int)stored.ByteLength(columns);
                    length = count * storedBytes;
                    // The encoded rows overwrite the read ones, so all are decoded first.
                    OnEveryCore(count, (first, part) =>
                    {
                        var floats = values.AsSpan(first * columns, part * columns);
                        TensorDecoder.Decode(source.Type, target.AsSpan(first * rowBytes, part * rowBytes), floats);
                        if (tensor.IsAroundZero) TensorPrimitives.Add(floats, 1, floats);
                    });
                    OnEveryCore(count, (first, part) => TensorEncoder.Encode(
                        stored,
                        values.AsSpan(first * columns, part * columns),
                        target.AsSpan(first * storedBytes, part * storedBytes)));
                }
                writing.GetAwaiter().GetResult();
                writing = Task.Run(() => stream.Write(target, 0, length), CancellationToken.None);
                progress?.Report((_done += bytes.Length, _total));
            }
        }
        finally
        {
            writing.GetAwaiter().GetResult();
        }
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
