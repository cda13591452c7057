namespace IterativeDpo.Host.Benchmarks;

/// <summary>A measurement could not be taken: names the command that failed.</summary>
public sealed class BenchmarkException(string message) : Exception(message);

/// <summary>Results that took minutes each: none of them is lost with those after it.</summary>
internal static class BenchmarkResults
{
    /// <param name="progress">Gets a line for each result as it comes.</param>
    /// <param name="print">Gets the results there are at the end, also where that is a failure or an interruption.</param>
    public static async Task<IReadOnlyList<T>> CollectAsync<T>(
        IAsyncEnumerable<T> measured,
        TextWriter progress,
        Action<IReadOnlyList<T>> print)
    {
        var results = new List<T>();
        try
        {
            await foreach (var result in measured)
            {
                results.Add(result);
                await progress.WriteLineAsync($"measured: {result}");
            }
            return results;
        }
        finally
        {
            print(results);
        }
    }
}
