using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Converts data files of any <see cref="DataFormat"/>, row by row. A row keeps its prompt's id, its probability and its provenance.
/// </summary>
/// <param name="tokenizer">Needed from and to token ids, and from conversations to texts; null where there is none.</param>
public sealed class DataConverter(DataTarget target, ITextTokenizer? tokenizer)
{
    /// <summary>Writes the whole file, or none.</summary>
    /// <param name="dataPaths">Read one after the other.</param>
    /// <param name="options"><see cref="DataOptions.MaxLength"/> and <see cref="DataOptions.Unpaired"/> do not matter: nothing is
    /// cut.</param>
    /// <exception cref="UserInputException">The data has a row that cannot be used, or cannot become what is asked for.</exception>
    /// <exception cref="StorageException">The output cannot be written.</exception>
    public ConversionSummary Convert(
        IReadOnlyList<string> dataPaths,
        string outputPath,
        DataOptions options,
        IProgress<DataProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var counter = new RowCounter();
        var rows = dataPaths.SelectMany(path => new RowReader(path, counter, options.SkipBadRows, options.Threads)
            .Read(Convert, row => (row.Length, false), progress, cancellation));
        AtomicFile.Write(outputPath, stream =>
        {
            foreach (var line in rows.SelectMany(row => row))
            {
                stream.Write(line);
            }
            counter.Summarise().RequireExamples(string.Join(", ", dataPaths), "Correct them, or convert to another format.");
        });
        var summary = counter.Summarise();
        return new(summary, summary.Examples);
    }

    /// <summary>The lines that a row becomes.</summary>
    private byte[][] Convert(DataRow row) => target switch
    {
        DataTarget.Pairs => [RowWriter.Pair(new(PairOf(row), row.Provenance))],
        DataTarget.Trl => [RowWriter.Preference(row.PromptId, PreferenceOf(row, Spell(row)), row.Provenance)],
        DataTarget.TrlConversational => [RowWriter.Preference(row.PromptId, PreferenceOf(row, TurnsOf(row)), row.Provenance)],
        _ => Unpaired(row, row.Texts ?? Spell(row)),
    };

    private static byte[][] Unpaired(DataRow row, RowTexts texts)
    {
        byte[] Line(Passage completion, bool label) => RowWriter.Unpaired(row.PromptId, texts.Prompt, completion, label, row.Provenance);
        return texts switch
        {
            { Second: null } => [Line(texts.First, texts.Label == 1)],
            { Label: 0.5 } => throw RowException.Undecided(),
            _ => [Line(texts.First, texts.Label > 0.5), Line(texts.Second, texts.Label < 0.5)],
        };
    }

    private PreferencePair PairOf(DataRow row) => row.Pair ?? Tokenized(row);

    /// <summary>The row as token ids, each within the vocabulary: llama.cpp takes no others.</summary>
    private PreferencePair Tokenized(DataRow row) =>
        new RowTokenizer(Tokenizer, new DataOptions(int.MaxValue)).Tokenize(row).Examples.Cast<PreferencePair>().Single();

    private static RowTexts PreferenceOf(DataRow row, RowTexts texts) => row.Format.IsUnpaired()
        ? throw new RowException(
            RowProblem.Unpaired,
            "the row is unpaired, so there is nothing to compare its completion with: convert to trl-unpaired")
        : texts;

    /// <summary>Everything as the text that the model reads, but for BOS and the end token, which TRL adds.</summary>
    private RowTexts Spell(DataRow row)
    {
        if (row.Pair is not null)
        {
            var pair = Tokenized(row);
            return new(Prompt(pair.PromptIds), Completion(pair.ChosenIds), Completion(pair.RejectedIds), pair.ChosenProbability);
        }
        var texts = row.Texts!;
        return texts.Prompt.Text is not null ? texts : texts with
        {
            Prompt = Prompt(Encoded(() => Tokenizer.EncodePrompt(texts.Prompt))),
            First = Completion(Encoded(() => Tokenizer.EncodeCompletion(texts.Prompt, texts.First))),
            Second = texts.Second is { } second ? Completion(Encoded(() => Tokenizer.EncodeCompletion(texts.Prompt, second))) : null,
        };
    }

    /// <summary>Everything as turns: a conversation as it is, and a pair whose ids are those of a question and two answers.</summary>
    private RowTexts TurnsOf(DataRow row)
    {
        if (row.Pair is not { } pair)
        {
            return row.Texts!.Prompt.Turns is not null
                ? row.Texts
                : throw new RowException(RowProblem.NoTurns, "the row has texts, which have no turns: convert to trl");
        }
        if (row.Provenance is not { } source)
        {
            throw new RowException(RowProblem.MissingField, "\"provenance\" is missing, which has what was asked and answered");
        }
        var prompt = Passage.Of(new ChatMessage("user", source.PromptText));
        if (!Encoded(() => Tokenizer.EncodePrompt(prompt)).AsSpan().SequenceEqual(pair.PromptIds))
        {
            throw new RowException(
                RowProblem.NotTheConversation,
                "\"prompt_ids\" are not those of \"prompt_text\" as a user's one question to this model");
        }
        return new(
            prompt,
            Passage.Of(new ChatMessage("assistant", source.ChosenText)),
            Passage.Of(new ChatMessage("assistant", source.RejectedText)),
            pair.ChosenProbability);
    }

    private ITextTokenizer Tokenizer => tokenizer
        ?? throw new UserInputException(
            "this conversion goes from or to token ids, or through a chat template: name the model with --model.");

    private Passage Prompt(int[] ids) => Text(Tokenizer.DecodePrompt(ids));

    private Passage Completion(int[] ids) => Text(Tokenizer.DecodeCompletion(ids));

    private static Passage Text(string? text) => text is not null && !text.Contains('\0')
        ? Passage.Of(text)
        : throw new RowException(
            RowProblem.NotText,
            text is not null
                ? "a token id is a NUL, which no text has"
                : "no text stands for the token ids: their bytes are not UTF-8, or they spell a special token without being it, and whoever reads the text would take it for the token");

    private static int[] Encoded(Func<int[]> encode)
    {
        try
        {
            return encode();
        }
        catch (ConversationException e)
        {
            throw new RowException(RowProblem.Template, e.Message);
        }
    }
}
