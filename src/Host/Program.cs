using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host;
using IterativeDpo.Host.Benchmarks;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training;

UnexpectedFailure.CatchOnThreads();
using var interruption = new Interruption();
try
{
    var parsed = RootCommands.Create().Parse(args);
    return parsed.Errors.Count > 0 ? Refuse(parsed) : await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
        interruption.Token);
}
catch (Exception thrown)
{
    return Fail(CauseOf(thrown));
}

int Fail(Exception error)
{
    switch (error)
    {
        case UserInputException:
            Console.Error.WriteLine($"dpo: {PlainText.Of(error.Message)}");
            return ExitCodes.BadInput;
        case StorageException or NonFiniteTrainingException or BenchmarkException:
            Console.Error.WriteLine($"dpo: {PlainText.Of(error.Message)}");
            return ExitCodes.Failed;
        case OperationCanceledException when interruption.Token.IsCancellationRequested:
            return ExitCodes.Interrupted;
        default:
            Console.Error.WriteLine($"dpo: {UnexpectedFailure.Describe(error, Path.GetTempPath())}");
            return ExitCodes.Failed;
    }
}

// What one of several threads, or the first use of something, failed of.
static Exception CauseOf(Exception error) => error switch
{
    AggregateException { InnerExceptions: [var only] } => CauseOf(only),
    TypeInitializationException { InnerException: { } inner } => CauseOf(inner),
    _ => error,
};

static int Refuse(ParseResult parsed)
{
    foreach (var error in parsed.Errors)
    {
        Console.Error.WriteLine($"dpo: {PlainText.Of(error.Message)}");
    }
    Console.Error.WriteLine($"Try: ./dpo {string.Join(' ', CommandPath(parsed))} --help".Replace("  ", " "));
    return ExitCodes.BadInput;
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
