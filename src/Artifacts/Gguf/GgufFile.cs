using System.Text;
using System.Text.RegularExpressions;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// A memory-mapped GGUF file. Opening it checks the whole header, so that what is read from it afterwards is inside the file.
/// Safe to read from several threads. A model in several files, NAME-00001-of-00003.gguf, is opened by the first, as llama.cpp does it: the
/// metadata are the first file's, the tensors those of all.
/// </summary>
public sealed unsafe partial class GgufFile : IDisposable
{
    /// <summary>
    /// The metadata that only a model in several files has: each file's number, how many there are, and the tensors of all.
    /// </summary>
    public const string PartPrefix = "split.";

    private readonly MappedFile _file;
    private readonly GgufHeader _header;
    private readonly List<GgufFile> _others = [];

    private GgufFile(MappedFile file)
    {
        _file = file;
        _header = new GgufParser(file.Start, file.Length, file.Path).Parse();
    }

    public string Path => _file.Path;

    /// <summary>2 or 3.</summary>
    public uint Version => _header.Version;

    public GgufMetadata Metadata => _header.Metadata;

    /// <summary>The files of the model, this one first.</summary>
    public IEnumerable<string> Paths => _others.Select(part => part.Path).Prepend(Path);

    /// <summary>By name, in the file's order.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => _header.Tensors;

    /// <exception cref="UserInputException">The file, or one that belongs to it, is missing, not readable, not a GGUF file, or
    /// damaged.</exception>
    public static GgufFile Open(string path)
    {
        var file = OpenOne(path);
        try
        {
            file.OpenOthers();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What identifies a model, or any other file: the file's digest; of a model in several files a digest of theirs, in their order.
    /// </summary>
    /// <exception cref="UserInputException">As for <see cref="Open"/>.</exception>
    public static Digest DigestOf(string path) => PathsOf(path) is [var one] ? Digest.OfFile(one)
        : Digest.Of(Encoding.UTF8.GetBytes(string.Join('\n', PathsOf(path).Select(part => Digest.OfFile(part).Hex))));

    /// <summary>The files of a model; any other file by itself. Only a file with a part's name is opened.</summary>
    /// <exception cref="UserInputException">As for <see cref="Open"/>.</exception>
    public static IReadOnlyList<string> PathsOf(string path)
    {
        if (!PartName().IsMatch(path)) return [path];
        using var file = Open(path);
        return [.. file.Paths];
    }

    /// <summary>The tensor's bytes as they are stored; valid until the file is disposed.</summary>
    /// <exception cref="UserInputException">Over 2 GiB.</exception>
    public ReadOnlySpan<byte> Bytes(GgufTensor tensor) => tensor.ByteLength <= int.MaxValue
        ? PartOf(tensor).Bytes(tensor.Offset, (int)tensor.ByteLength)
        : throw new UserInputException($"{Path}: tensor '{tensor.Name}' has {tensor.ByteLength} bytes; at most 2 GiB are read at once.");

    /// <summary>
    /// Decodes the tensor, row-major; <paramref name="destination"/> holds exactly <see cref="GgufTensor.Elements"/> values.
    /// </summary>
    public void ReadFloat32(GgufTensor tensor, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, tensor.Elements);
        PartOf(tensor).ReadFloat32(tensor.Type, tensor.Offset, destination);
    }

    /// <summary>Decodes the tensor into a new array.</summary>
    public float[] ReadFloat32(GgufTensor tensor)
    {
        var values = new float[tensor.Elements];
        ReadFloat32(tensor, values);
        return values;
    }

    /// <summary>Writes the tensor's bytes as they are stored.</summary>
    public void CopyTo(GgufTensor tensor, Stream stream) => PartOf(tensor).CopyTo(tensor.Offset, tensor.ByteLength, stream);

    public void Dispose()
    {
        _others.ForEach(part => part.Dispose());
        _file.Dispose();
    }

    private static GgufFile OpenOne(string path) => MappedFile.Open(path, file => new GgufFile(file));

    private MappedFile PartOf(GgufTensor tensor) => tensor.Part == 0 ? _file : _others[tensor.Part - 1]._file;

    private void OpenOthers()
    {
        var (number, count) = Numbers();
        if (count <= 1) return;
        var end = EndOf(0, count);
        if (number != 0)
            throw new UserInputException(
                $"{Path}: this is part {number + 1} of {count} of a model in several files. Give the first, NAME{end}; it finds the others beside it.");
        if (!Path.EndsWith(end, StringComparison.Ordinal))
            throw new UserInputException(
                $"{Path}: this is the first of {count} files of a model, and the others are found by its name, which must end with '{end}'. Give it that name again.");
        for (var i = 1; i < count; i++)
        {
            var path = Path[..^end.Length] + EndOf(i, count);
            if (!File.Exists(path))
                throw new UserInputException($"{path}: part {i + 1} of {count} of the model {Path} is missing. Put it beside the first.");
            var part = OpenOne(path);
            _others.Add(part);
            if (part.Numbers() != (i, count))
                throw new UserInputException(
                    $"{path}: its metadata do not say that it is part {i + 1} of {count}, as its name does. Copy or download it again.");
            foreach (var tensor in part.Tensors.Values.Where(tensor => !_header.Tensors.TryAdd(tensor.Name, tensor with { Part = i })))
                throw new UserInputException(
                    $"{path}: tensor '{tensor.Name}' is in an earlier part of the model too. Copy or download its files again.");
        }
        if (Metadata.TryGet($"{PartPrefix}tensors.count", out var total) && total.Value is int tensors && tensors != Tensors.Count)
            throw new UserInputException(
                $"{Path}: the model has {tensors} tensors, but its {count} files have {Tensors.Count}. Copy or download them again.");
    }

    /// <summary>The file's number among the model's, from 0, and how many these are.</summary>
    private (int Number, int Count) Numbers() => (Metadata.GetUInt16($"{PartPrefix}no", 0), Metadata.GetUInt16($"{PartPrefix}count", 0));

    private static string EndOf(int number, int count) => $"-{number + 1:D5}-of-{count:D5}.gguf";

    [GeneratedRegex("-[0-9]{5}-of-[0-9]{5}\\.gguf$")]
    private static partial Regex PartName();
}
