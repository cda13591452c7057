using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Host.Models;

/// <summary>Writes a model quantised by llama.cpp, over a whole one beside it that is deleted again, and measures what that cost.</summary>
internal static class ModelQuantiser
{
    /// <summary>Whether llama.cpp writes this type; Q8_0 is written as it comes where nothing is measured.</summary>
    public static bool Writes(string type, string? text) => LlamaQuantiser.Types.Contains(type) && (type != "q8_0" || text is not null);

    /// <param name="text">A file with the text to measure on; null: nothing is measured.</param>
    /// <param name="write">Writes the whole model to a path.</param>
    /// <exception cref="UserInputException">llama.cpp does not quantise this model, or to something that is not read here; or the text
    /// cannot be read.</exception>
    public static async Task<QuantisationCost?> WriteAsync(string output, string type, string? text, int threads, Func<string, Task> write)
    {
        var whole = $"{output}.whole.gguf";
        try
        {
            await write(whole);
            return await Task.Run(() =>
            {
                LlamaQuantiser.Quantise(whole, output, type, threads);
                RequireReadable(output);
                return text is null ? null : QuantisationCost.Of(whole, output, text, threads);
            });
        }
        finally
        {
            File.Delete(whole);
        }
    }

    private static void RequireReadable(string output)
    {
        try
        {
            using var file = GgufFile.Open(output);
            ModelConfig.Read(file, withHead: true);
        }
        catch (UserInputException)
        {
            File.Delete(output);
            throw;
        }
    }
}
