using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Rows;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>Everything that tokenised examples depend on, in one digest: a store with another key is never read.</summary>
internal static class StoreKey
{
    // To be raised whenever the file's layout, or what a row becomes, changes.
    private const int Version = 7;

    public static Digest Of(IEnumerable<string> dataPaths, ITextTokenizer tokenizer, DataOptions options) =>
        Digest.Of(
            Encoding.UTF8.GetBytes(
                string.Join(
        '\n',
        Version,
        string.Join(' ', dataPaths.Select(RowFile.DigestOf)),
        tokenizer.Digest,
        tokenizer.VocabSize,
        options.MaxLength,
        options.Unpaired,
        options.HardLabels,
        options.SkipBadRows)));
}
