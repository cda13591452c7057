using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Host.Models;

/// <summary>
/// The short form of the <see cref="ModelCheck"/> before a model is trained: once a model, processor and build, after which a file in the
/// cache says that they agree.
/// </summary>
/// <param name="cache">The folder, see <see cref="ModelCache"/>.</param>
/// <param name="machine">What engines compute on and with, see <see cref="EngineInfo.Machine"/>.</param>
/// <param name="check">Computes some tokens of the model at a path both ways.</param>
internal sealed class CheckedModels(string cache, string machine, Func<string, ModelCheck> check)
{
    private const int Tokens = 8;

    public static CheckedModels Of(int threads) => new(ModelCache.Root, EngineInfo.Machine(threads), Computing(threads));

    /// <summary>Makes sure that llama.cpp and the trainer compute the same model.</summary>
    /// <exception cref="UserInputException">They do not.</exception>
    public void Require(string path, Digest digest)
    {
        var known = Path.Combine(cache, "checked", Digest.Of(Encoding.UTF8.GetBytes($"{digest} {machine}")).Hex);
        if (File.Exists(known))
        {
            return;
        }
        if (check(path) is { Agrees: false } differing)
        {
            throw new UserInputException(FormattableString.Invariant(
                $"{path}: llama.cpp and the trainer compute different logits of {differing.Tokens} tokens (they differ by {differing.MaxAbsDiff:G3}, and may by {differing.Limit:G3}), so what is sampled would not be what is trained. "
            ) + "See ./dpo model, and report it with its output; --skip-model-check goes on all the same.");
        }
        try
        {
            AtomicFile.Write(known, stream => stream.Write(Encoding.UTF8.GetBytes(path)));
        }
        catch (StorageException)
        {
            // The next run computes it again.
        }
    }

    /// <summary>What computes the tokens.</summary>
    internal static Func<string, ModelCheck> Computing(int threads) => path =>
    {
        using var file = GgufFile.Open(path);
        var config = ModelConfig.Read(file);
        return ModelCheck.Run(file, config, ModelCheck.TokensOf(config, Tokens), threads).Check;
    };
}
