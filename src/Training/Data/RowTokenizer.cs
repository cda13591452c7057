using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>A row's examples, cut to the maximum length.</summary>
internal readonly record struct TokenizedRow(ITrainingExample[] Examples, bool Cut);

/// <summary>Makes a row's examples: the prompt and its completions are tokenised apart and joined by ids.</summary>
internal sealed class RowTokenizer(ITextTokenizer tokenizer, DataOptions options)
{
    /// <exception cref="RowException">The row cannot be used.</exception>
    public TokenizedRow Tokenize(DataRow row)
    {
        if (row.Format.IsUnpaired() && !options.Unpaired)
        {
            throw new RowException(
                RowProblem.Unpaired,
                "the row is unpaired, and this loss compares pairs: give \"chosen\" and \"rejected\", or take a loss on unpaired data");
        }
        var whole = row.Pair is { } pair ? Checked(pair) : Encode(row.PromptId, row.Texts!);
        if (whole.PromptIds.Length >= options.MaxLength)
        {
            throw new RowException(
                RowProblem.PromptTooLong,
                $"the prompt alone has {whole.PromptIds.Length} tokens, and the maximum length is {options.MaxLength}");
        }
        if (whole.CutTo(options.MaxLength) is not { } cut)
        {
            throw new RowException(RowProblem.EqualWithinLength, $"the completions are equal within {options.MaxLength} tokens");
        }
        if (options.HardLabels && cut is PreferencePair { ChosenProbability: 0.5 })
        {
            throw RowException.Undecided();
        }
        var wasCut = cut.First.Length < whole.First.Length || cut.Second.Length < whole.Second.Length;
        return new(options.Unpaired && cut is PreferencePair both ? LabelledCompletion.Of(both) : [cut], wasCut);
    }

    private PreferencePair Checked(PreferencePair pair)
    {
        foreach (var ids in new[] { pair.PromptIds, pair.ChosenIds, pair.RejectedIds })
        {
            if (ids.Length == 0)
            {
                throw ReferenceEquals(ids, pair.PromptIds)
                    ? new RowException(RowProblem.EmptyPrompt, "\"prompt_ids\" is empty")
                    : new RowException(RowProblem.EmptyCompletion, "a completion has no ids");
            }
            if (Array.FindIndex(ids, id => id < 0 || id >= tokenizer.VocabSize) is >= 0 and var at)
            {
                throw new RowException(
                    RowProblem.UnknownToken, $"the token {ids[at]} is outside the model's vocabulary of {tokenizer.VocabSize}");
            }
        }
        if (pair.ChosenIds.AsSpan().SequenceEqual(pair.RejectedIds))
        {
            throw new RowException(RowProblem.ChosenEqualsRejected, "\"chosen_ids\" and \"rejected_ids\" are equal");
        }
        return pair.ChosenProbability is >= 0 and <= 1
            ? pair
            : throw new RowException(RowProblem.ProbabilityOutOfRange, "\"chosen_probability\" must be from 0 to 1");
    }

    private ITrainingExample Encode(string promptId, RowTexts texts)
    {
        try
        {
            var prompt = tokenizer.EncodePrompt(texts.Prompt);
            var first = tokenizer.EncodeCompletion(texts.Prompt, texts.First);
            return texts.Second is { } rejected
                ? new PreferencePair(promptId, prompt, first, tokenizer.EncodeCompletion(texts.Prompt, rejected), texts.Label)
                : new LabelledCompletion(promptId, prompt, first, texts.Label == 1, []);
        }
        catch (ConversationException e)
        {
            throw new RowException(RowProblem.Template, e.Message);
        }
    }
}
