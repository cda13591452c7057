using System.Text.Json;
using System.Text.Json.Serialization;

namespace IterativeDpo.Artifacts.Store;

/// <summary>Small documents (manifests) as JSON files, written whole or not at all.</summary>
public static class JsonFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <exception cref="StorageException">No space, no permission; the old file is untouched.</exception>
    public static void WriteAtomic<T>(string path, T document) => AtomicFile.Write(path, stream =>
    {
        JsonSerializer.Serialize(stream, document, Options);
        stream.Write("\n"u8);
    });

    /// <exception cref="StorageException">Missing, not readable, or not such a document: the message has the line.</exception>
    public static T Read<T>(string path) where T : notnull
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream, Options) ?? throw new JsonException("the document is null");
        }
        catch (JsonException e)
        {
            throw new StorageException($"{path}: damaged: {e.Message} Restore it from a copy.", e);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be read", e);
        }
    }
}
