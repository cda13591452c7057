using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace IterativeDpo.Generation;

/// <summary>Why a completion ended: the model's own end token, a stop string, or the token limit.</summary>
public enum FinishReason { Eos, Stop, Length }

/// <summary>A completion of one prompt.</summary>
/// <param name="Index">Which of the prompt's samples this is, from 0.</param>
/// <param name="Seed">The seed of its random stream, see <see cref="SampleSeed"/>.</param>
/// <param name="TokenIds">Sampled ids in order, the end token included when the finish reason is <see cref="FinishReason.Eos"/>.</param>
/// <param name="LogProbs">Natural-log probability of each token under the untempered policy, same length as the ids; empty where nobody
/// sampled it.</param>
/// <param name="Text">The ids as text, without the end token and without the stop string.</param>
/// <param name="MeanEntropy">Mean entropy, in nats, of the untempered distributions the tokens were drawn from.</param>
/// <param name="Model">Who generated it, where samples of several models come together; in a campaign null is the policy.</param>
/// <param name="Thoughts">How many of the ids are what the model thought before its answer, their end among them: all of them where it did
/// not come to an answer.</param>
/// <param name="AnswerAt">Where in the text the answer begins.</param>
public sealed partial record Sample(
    int Index,
    ulong Seed,
    int[] TokenIds,
    float[] LogProbs,
    string Text,
    FinishReason FinishReason,
    float MeanEntropy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Model = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Thoughts = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int AnswerAt = 0)
{
    /// <summary>The <see cref="Model"/> of an answer that the data gives.</summary>
    public const string OfData = "data";

    /// <summary>The <see cref="Model"/> of an answer that the base gives beside the policy's.</summary>
    public const string OfBase = "base";

    /// <summary>The text without what was thought before.</summary>
    [JsonIgnore]
    public string Answer => HasThoughts ? Text[AnswerAt..].TrimStart() : Text;

    /// <summary>The ids without those that were thought.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> AnswerIds => Thoughts == 0 ? TokenIds : TokenIds[Math.Min(Thoughts, TokenIds.Length)..];

    /// <summary>The ids of the text, which is the answer alone where thoughts are not shown.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> TextIds => AnswerAt > 0 ? TokenIds : AnswerIds;

    [JsonIgnore]
    internal bool HasThoughts => Thoughts > 0 || AnswerAt > 0;

    /// <summary>
    /// Where the answer begins in a text of whoever's that begins with thoughts between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c> or
    /// their like: at its end where it has none.
    /// </summary>
    public static int AnswerIn(string text) => ThoughtsIn().Match(text).Length;

    [GeneratedRegex(
        @"\A\s*(<think(ing)?>.*?(</think(ing)?>|\z)|\[THINK\].*?(\[/THINK\]|\z))",
        RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex ThoughtsIn();
}

/// <summary>All samples of one prompt, with the prompt's token ids as the model saw them (template and BOS included).</summary>
public sealed record PromptSamples(Prompt Prompt, int[] PromptIds, IReadOnlyList<Sample> Samples)
{
    /// <summary>Those that the campaign's policy drew, for figures about it.</summary>
    [JsonIgnore]
    public IEnumerable<Sample> OfPolicy => Samples.Where(sample => sample.Model is null);

    /// <summary>The same with the answers alone for texts.</summary>
    public PromptSamples WithoutThoughts() => !Samples.Any(sample => sample.HasThoughts)
        ? this
        : this with { Samples = [.. Samples.Select(sample => sample with { Text = sample.Answer, AnswerAt = 0 })] };
}
