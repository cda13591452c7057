using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Rows;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Streams a data file's rows: parses and converts them by the batch, on several threads, and gives them in the file's order. Rows that
/// cannot be used are counted, or end it with an error.
/// </summary>
/// <param name="skipBadRows">See <see cref="DataOptions.SkipBadRows"/>.</param>
internal sealed class RowReader(string path, RowCounter counter, bool skipBadRows, int threads)
{
    private const int BatchRows = 1024;
    private (DataFormat Format, int Line)? _first;

    /// <param name="convert">What to make of a row; any thread calls it. Throws <see cref="RowException"/> for one that cannot be
    /// used.</param>
    /// <param name="countOf">How many examples that is, and whether anything was cut off.</param>
    /// <exception cref="UserInputException">The file cannot be read, has no rows, or has a row that cannot be used.</exception>
    public IEnumerable<T> Read<T>(
        Func<DataRow, T> convert,
        Func<T, (int Examples, bool Cut)> countOf,
        IProgress<DataProgress>? progress,
        CancellationToken cancellation)
    {
        using var file = RowFile.Open(path, ["chosen", "rejected"], ["prompt", "completion", "label"], ["pair"]);
        var any = false;
        foreach (var rows in file.Read().Chunk(BatchRows))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var result in ConvertAll(rows, convert, cancellation))
            {
                if (Accept(result, file))
                {
                    var (examples, cut) = countOf(result.Value!);
                    counter.Use(result.Format!.Value, examples, cut);
                    yield return result.Value!;
                }
            }
            any = true;
            progress?.Report(new(path, counter.Rows, file.Position, file.Length));
        }
        if (!any)
        {
            throw new UserInputException(
                $"{path}: there are no rows. Give some, such as {{\"prompt\": \"…\", \"chosen\": \"…\", \"rejected\": \"…\"}}.");
        }
    }

    private Result<T>[] ConvertAll<T>(FileRow[] rows, Func<DataRow, T> convert, CancellationToken cancellation)
    {
        var results = new Result<T>[rows.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        try
        {
            Parallel.For(0, rows.Length, parallel, i => results[i] = Convert(rows[i], convert));
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<UserInputException>().FirstOrDefault() is { } input)
        {
            throw new UserInputException($"{path}: {input.Message}", input);
        }
        return results;
    }

    private Result<T> Convert<T>(FileRow source, Func<DataRow, T> convert)
    {
        DataFormat? format = null;
        try
        {
            var row = RowParser.Parse(source.Json).LikelierFirst();
            format = row.Format;
            return new(source.Number, format, convert(row), null);
        }
        catch (RowException e)
        {
            return new(source.Number, format, default, new(path, source.Number, e.Problem, e.Message));
        }
    }

    private bool Accept<T>(Result<T> result, RowFile file)
    {
        var problem = result.Problem;
        if (result.Format is { } format)
        {
            if (problem is null)
            {
                _first ??= (format, result.Line);
            }
            if (_first is { } first && format != first.Format)
            {
                var detail = $"{format.Describe()}, where {file.NameOf(first.Line)} has {first.Format.Describe()}";
                problem = new(path, result.Line, RowProblem.MixedFormats, detail);
            }
        }
        if (problem is null)
        {
            return true;
        }
        if (!skipBadRows && problem.Problem != RowProblem.EqualWithinLength)
        {
            throw new UserInputException(
                $"{file.PlaceOf(problem.Line)}: {problem.Detail}. Correct the row, or leave out rows like it with --skip-bad-rows.");
        }
        counter.Reject(problem);
        return false;
    }

    private readonly record struct Result<T>(int Line, DataFormat? Format, T? Value, RejectedRow? Problem);
}
