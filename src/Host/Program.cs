using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host;
using IterativeDpo.Host.Benchmarks;
using IterativeDpo.Host.Commands;
using IterativeDpo.Training;

var root = RootCommands.Create();
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        Console.Error.WriteLine($"dpo: {error.Message}");
    }
    Console.Error.WriteLine($"Try: ./dpo {string.Join(' ', CommandPath(parsed))} --help".Replace("  ", " "));
    return ExitCodes.BadInput;
}

using var interruption = new Interruption();
try
{
    return await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
        interruption.Token);
}
catch (UserInputException error)
{
    Console.Error.WriteLine($"dpo: {error.Message}");
    return ExitCodes.BadInput;
}
catch (Exception error) when (error is ArtifactStoreException or NonFiniteTrainingException or BenchmarkException)
{
    Console.Error.WriteLine($"dpo: {error.Message}");
    return ExitCodes.Failed;
}
catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
{
    return ExitCodes.Interrupted;
}
catch (Exception error)
{
    Console.Error.WriteLine($"dpo: {error}");
    return ExitCodes.Failed;
}

static IEnumerable<string> CommandPath(ParseResult parsed)
{
    var names = new Stack<string>();
    for (var result = parsed.CommandResult; result?.Parent is System.CommandLine.Parsing.CommandResult parent; result = parent)
    {
        names.Push(result.Command.Name);
    }
    return names;
}
