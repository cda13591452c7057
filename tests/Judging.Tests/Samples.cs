using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Tests;

/// <summary>Samples with the text given, one token to a character.</summary>
internal static class Samples
{
    public static Sample Of(int index, string text, FinishReason finishReason = FinishReason.Eos)
    {
        int[] ids = [.. text.Select(c => (int)c)];
        return new(index, (ulong)index, ids, new float[ids.Length], text, finishReason, 0);
    }

    public static PromptSamples OfPrompt(string id, params string[] texts) =>
        new(new Prompt(id, null, "?", null, []), [1], [.. texts.Select((text, index) => Of(index, text))]);

    public static Prompt Prompt(params AnswerCheck[] checks) => new("p1", null, "?", null, checks);
}
