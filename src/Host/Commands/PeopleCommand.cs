using System.CommandLine;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo people</c>: what waits for people and how far they agree, and both ways to outside labelling tools.</summary>
public static class PeopleCommand
{
    private const int MostRefusals = 10;

    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<bool> _json = CommonOptions.Json();
    private static readonly Option<string> _format = CommonOptions.Choice(
        "--format",
        "csv and jsonl: a row for each comparison; label-studio, argilla: JSON as that tool imports it.",
        PeopleExport.Csv,
        PeopleExport.Lines,
        PeopleExport.LabelStudio,
        PeopleExport.Argilla);
    private static readonly Option<FileInfo> _out = new("--out") { Description = "The file to write.", HelpName = "FILE", Required = true };
    private static readonly Option<bool> _all = new("--all") { Description = "Those that are judged, too." };
    private static readonly Option<bool> _force = CommonOptions.Force();
    private static readonly Argument<FileInfo> _file = new("FILE")
    {
        Description = "CSV, JSON lines or JSON, as the labelling tool exports it.",
    };
    private static readonly Option<string?> _person = new("--person")
    {
        Description = "Who judged, where the file does not say.",
        HelpName = "NAME",
    };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "people",
            "Show what waits for people and how far they agree; also while the campaign runs. They judge on its page.",
            "./dpo people",
            "./dpo people export --format label-studio --out tasks.json",
            "./dpo people import project-1.json")
        {
            _state, _json, Export(), Import(),
        };
        command.SetAction(parsed =>
        {
            var queue = Open(parsed);
            var (counts, figures) = (queue.Count(), PeopleFigures.Of(queue.Tasks()));
            if (parsed.GetValue(_json))
            {
                CommonOptions.PrintJson(new { counts, figures = PeopleView.Json(figures) });
                return ExitCodes.Done;
            }
            Console.WriteLine(
                $"{counts.Open:N0} to be judged, {counts.Verdicts:N0} verdicts{(counts.Waiting is { } waiting ? $"; {waiting}" : "")}");
            foreach (var line in PeopleView.Lines(figures))
            {
                Console.WriteLine(PlainText.Of(line));
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Export()
    {
        _format.Required = true;
        var command = new ExampleCommand(
            "export", "Write the comparisons that wait for people as a file for a labelling tool. Whose answers they are is not in it.",
            "./dpo people export --format csv --out tasks.csv",
            "./dpo people export --format argilla --out records.json --all") { _state, _format, _out, _all, _force };
        command.SetAction(parsed =>
        {
            var output = OutputPath.OfFile(parsed.GetRequiredValue(_out), parsed.GetValue(_force));
            PeopleTask[] tasks = [.. Open(parsed).Tasks().Where(task => task.IsOpen || parsed.GetValue(_all)).Select(task => task.Task)];
            var bytes = PeopleExport.Write(tasks, parsed.GetRequiredValue(_format));
            AtomicFile.Write(output, stream => stream.Write(bytes));
            Console.WriteLine($"{tasks.Length:N0} comparisons: {output}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Import()
    {
        var command = new ExampleCommand(
            "import", "Take verdicts from a labelling tool; also while the campaign runs, which goes on with them.",
            "./dpo people import project-1.json",
            "./dpo people import verdicts.csv --person anna") { _file, _state, _person };
        command.SetAction(parsed =>
        {
            var (queue, file) = (Open(parsed), parsed.GetRequiredValue(_file));
            var verdicts = new PeopleImport(parsed.GetValue(_person)).Read(file.FullName);
            var refused = new List<string>();
            foreach (var verdict in verdicts)
            {
                var shownFirst = queue.Find(verdict.Task)?.Task.FirstShownTo(PeopleExport.Nobody) ?? 0;
                if (queue.Judge(
                        new(
                            verdict.Task,
                            verdict.Person,
                            verdict.Answer,
                            shownFirst,
                            verdict.Seconds,
                            TimeProvider.System.GetUtcNow(),
                            file.Name)
                    ) is
                    { } reason)
                {
                    refused.Add($"{verdict.Place}: not taken: {reason}");
                }
            }
            foreach (var line in refused
                    .Take(MostRefusals)
                    .Concat(refused.Count > MostRefusals ? [$"and {refused.Count - MostRefusals} more"] : Array.Empty<string>()))
            {
                Console.Error.WriteLine(PlainText.Of($"dpo: {line}"));
            }
            Console.WriteLine(
                $"{verdicts.Count - refused.Count:N0} verdicts taken{(refused.Count > 0 ? $", {refused.Count:N0} not" : "")}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static PeopleQueue Open(ParseResult parsed)
    {
        var statePath = parsed.GetRequiredValue(_state).FullName;
        StatusCommand.Read(statePath);
        return new(CampaignReader.PeoplePath(statePath), TimeProvider.System);
    }
}
