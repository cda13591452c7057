using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Data files as examples that a trainer takes: pairs, or labelled completions where the loss is on single ones. Files of any length
/// take a few bytes of memory an example. See <see cref="DataFormat"/> for what a file may hold.
/// </summary>
public sealed class TrainingData : IDisposable
{
    private readonly ExampleStore _store;

    private TrainingData(ExampleStore store, bool reused) => (_store, Reused) = (store, reused);

    /// <summary>The examples in the files' order, cut to the maximum length; to be used until this is disposed.</summary>
    public IReadOnlyList<ITrainingExample> Examples => _store;

    public RowSummary Rows => _store.Summary;

    /// <summary>Whether an earlier opening had tokenised the files already.</summary>
    public bool Reused { get; }

    /// <param name="paths">Read one after the other.</param>
    /// <param name="cacheDirectory">
    /// Where the tokenised examples are kept, to be used again while the data files, the tokenizer and the options are the same.
    /// </param>
    /// <exception cref="UserInputException">A file is missing, has a row that cannot be used (names the line), or nothing to train
    /// on.</exception>
    /// <exception cref="StorageException">The cache cannot be written.</exception>
    public static TrainingData Open(
        IReadOnlyList<string> paths, ITextTokenizer tokenizer, DataOptions options, string cacheDirectory,
        IProgress<DataProgress>? progress = null, CancellationToken cancellation = default)
    {
        var key = StoreKey.Of(paths, tokenizer, options);
        var storePath = Path.Combine(cacheDirectory, $"examples-{key.Short}.bin");
        if (ExampleStore.Open(storePath, key) is { } kept)
        {
            return new(kept, reused: true);
        }
        var counter = new RowCounter();
        var tokenize = new RowTokenizer(tokenizer, options);
        var examples =
            from path in paths
            from row in new RowReader(path, counter, options.SkipBadRows, options.Threads)
                .Read(tokenize.Tokenize, row => (row.Examples.Length, row.Cut), progress, cancellation)
            from example in row.Examples
            select example;
        StoreWriter.Write(storePath, key, options, examples, () => counter.Summarise()
            .RequireExamples(string.Join(", ", paths), $"Correct them, or raise the maximum length of {options.MaxLength} tokens."));
        var store = ExampleStore.Open(storePath, key)
            ?? throw new StorageException($"{storePath}: it is not what was just written. Check its volume.");
        return new(store, reused: false);
    }

    public void Dispose() => _store.Dispose();
}
