using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace IterativeDpo.Host.Commands;

/// <summary>A command with examples under its help.</summary>
internal sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>System.CommandLine's help, followed by the command's examples.</summary>
public sealed class ExamplesHelp(HelpAction inner) : SynchronousCommandLineAction
{
    /// <summary>Who asks for help need not have given the arguments.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = inner.Invoke(parseResult);
        if (parseResult.CommandResult.Command is ExampleCommand { Examples.Count: > 0 } command)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in command.Examples)
            {
                output.WriteLine($"  {example}");
            }
            output.WriteLine();
        }
        return exitCode;
    }

    /// <summary>Puts the examples behind every help option below this command.</summary>
    public static void Apply(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction help)
            {
                option.Action = new ExamplesHelp(help);
            }
        }
    }
}
