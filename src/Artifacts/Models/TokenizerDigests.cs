using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// The digest of everything in a model file that token ids depend on: its <c>tokenizer.*</c> metadata, the chat template included, and
/// whether its name makes llama.cpp tokenise as for Phi-3.
/// </summary>
public static class TokenizerDigests
{
    public static Digest Of(GgufMetadata metadata)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, value) in metadata
                .Where(entry => entry.Key.StartsWith("tokenizer.", StringComparison.Ordinal))
                .OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            Append(hash, key);
            if (value.Value is Array array)
            {
                Append(hash, array.Length);
                foreach (var element in array) Append(hash, element);
            }
            else
            {
                Append(hash, value.Value);
            }
        }
        if (VocabularyReader.IsNamedPhi3(metadata)) Append(hash, "Phi-3 by name");
        return Digest.OfHash(hash.GetHashAndReset());
    }

    // With its length, so that no two lists of values run together to the same bytes.
    private static void Append(IncrementalHash hash, object value)
    {
        var bytes = Encoding.UTF8.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture)!);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
