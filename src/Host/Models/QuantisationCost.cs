using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Text;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Host.Models;

/// <summary>
/// What quantising cost on a text: the tokens' mean log-prob, in nats, and the perplexity that follows from it, of the model before and
/// after.
/// </summary>
/// <param name="Difference">Of the mean log-probs: below 0 the quantised model is the worse.</param>
internal sealed record QuantisationCost(
    int Tokens,
    double LogProbBefore,
    double LogProbAfter,
    double Difference,
    double PerplexityBefore,
    double PerplexityAfter)
{
    /// <summary>Tokens that are computed together, each seeing those before it.</summary>
    private const int Window = 512;

    /// <exception cref="UserInputException">The text cannot be read, or has too few tokens.</exception>
    public static QuantisationCost Of(string before, string after, string textPath, int threads)
    {
        int longest;
        using (var file = GgufFile.Open(before))
        {
            longest = Math.Min(Window, ModelConfig.Read(file).LongestContext);
        }
        using var tokenizer = LlamaTextTokenizer.Load(before);
        int[][] windows =
        [
            .. tokenizer.EncodePrompt(Passage.Of(TextFile.Read(textPath))).Chunk(longest).Where(window => window.Length > 1),
        ];
        var tokens = windows.Sum(window => window.Length - 1);
        if (tokens == 0)
        {
            throw new UserInputException($"{textPath}: there is no text to measure on: it has under two tokens. Give a longer one.");
        }
        var (one, other) = (
            LlamaLogits.LogProbs(before, windows, threads).Average(),
            LlamaLogits.LogProbs(after, windows, threads).Average());
        return new(tokens, one, other, other - one, Math.Exp(-one), Math.Exp(-other));
    }

    public override string ToString() => FormattableString.Invariant(
        $"perplexity {PerplexityBefore:F4} -> {PerplexityAfter:F4}, mean log-prob {LogProbBefore:F4} -> {LogProbAfter:F4} ({Difference:+0.0000;-0.0000}) on {Tokens:N0} tokens");
}
