using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Tests.Models;

/// <summary>Writes a model in several files, as llama.cpp's gguf-split does.</summary>
internal static class SplitModel
{
    /// <summary>The part's path: PREFIX-00001-of-00003.gguf, numbers from 0.</summary>
    public static string PathOf(string prefix, int number, int count) => $"{prefix}-{number + 1:D5}-of-{count:D5}.gguf";

    /// <param name="tensorsInFirst">gguf-split can leave the first part without tensors.</param>
    /// <param name="metadata">The last word on a part's metadata, by its number.</param>
    /// <returns>The first part's path.</returns>
    public static string Write(
        string whole,
        string prefix,
        int count,
        bool tensorsInFirst = true,
        Action<int, Dictionary<string, object>>? metadata = null)
    {
        using var file = GgufFile.Open(whole);
        var tensors = file.Tensors.Values.ToArray();
        for (var i = 0; i < count; i++)
        {
            var values =
                i > 0
                    ? []
                    : file
                        .Metadata.Where(entry => entry.Key != "general.alignment")
                        .ToDictionary(entry => entry.Key, entry => (object)entry.Value);
            values["split.no"] = (ushort)i;
            values["split.count"] = (ushort)count;
            values["split.tensors.count"] = tensors.Length;
            metadata?.Invoke(i, values);
            var writer = new GgufWriter();
            foreach (var (key, value) in values) writer.Set(key, value);
            foreach (var (at, tensor) in tensors.Index())
                if ((tensorsInFirst ? at % count : 1 + at % (count - 1)) == i) writer.Copy(file, tensor);
            writer.Write(PathOf(prefix, i, count));
        }
        return PathOf(prefix, 0, count);
    }
}
