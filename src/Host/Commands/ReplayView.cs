using IterativeDpo.Actors.Replays;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Commands;

/// <summary>What a replay came to: a table of stages, and for whatever is not the same its first difference.</summary>
/// <param name="machine">What the work was done again on.</param>
internal sealed class ReplayView(string campaign, string machine, IReadOnlyList<ReplayedWork> work)
{
    public bool IsSame => work.All(unit => unit.Outcome == ReplayOutcome.Same);

    private string?[] Elsewhere => [.. work.Select(unit => unit.Recorded.Result.Machine).Where(recorded => recorded != machine).Distinct()];

    public IEnumerable<string> Lines()
    {
        yield return $"{"round",5}  {"stage",-8}  {"units",5}  {"recorded",-12}  {"replayed",-12}  result";
        foreach (var stage in Stages())
        {
            yield return $"{stage.Key.Round,5}  {Name(stage.Key.Stage),-8}  {stage.Count(),5}  {Digests(stage, unit => unit.Recorded.Result.Leaves),-12}  {Digests(stage, unit => unit.Replayed),-12}  {Result(stage)}";
        }
        foreach (var unit in work.Where(unit => unit.Outcome != ReplayOutcome.Same))
        {
            yield return $"{unit.Recorded.Id}: {Words(unit.Outcome)}: {unit.Words}";
        }
        foreach (var recorded in Elsewhere)
        {
            yield return recorded is null
                ? "What some of it was recorded on is not known; the bits are only sure to come again on the same processor, build and number of threads."
                : $"Recorded on {recorded}; now on {machine}: other processors, builds and numbers of threads add up in another order, so that bits may differ. Close is what these make of it.";
        }
        yield return IsSame
            ? "all the same, bit by bit"
            : $"{work.Count(unit => unit.Outcome != ReplayOutcome.Same)} of {work.Count} units are not the same";
    }

    public object Json() => new
    {
        campaign,
        same = IsSame,
        machine,
        recorded_on = work.Select(unit => unit.Recorded.Result.Machine).Distinct(),
        stages = Stages().Select(stage => new
        {
            stage.Key.Round,
            stage = Name(stage.Key.Stage),
            units = stage.Select(unit => new
            {
                unit = unit.Recorded.Id.Index,
                recorded = unit.Recorded.Result.Leaves.Select(digest => digest.Hex),
                replayed = unit.Replayed.Select(digest => digest.Hex),
                result = unit.Outcome,
                difference = unit.Words,
            }),
        }),
    };

    private IEnumerable<IGrouping<(int Round, Stage Stage), ReplayedWork>> Stages() =>
        work.GroupBy(unit => (unit.Recorded.Id.Round, unit.Recorded.Id.Stage));

    /// <summary>The first artifact, and how many more there are.</summary>
    private static string Digests(IEnumerable<ReplayedWork> stage, Func<ReplayedWork, IEnumerable<Digest>> of) =>
        stage.SelectMany(of).ToArray() switch
        {
            [] => "–",
            [var one] => one.Short,
            [var first, .. var more] => $"{first.Short[..8]} +{more.Length}",
        };

    private static string Result(IEnumerable<ReplayedWork> stage) =>
        string.Join(
            ", ",
            stage.CountBy(unit => unit.Outcome).OrderBy(outcome => outcome.Key) is var outcomes && outcomes.ToArray() is [var only]
            ? [Words(only.Key)]
            : outcomes.Select(outcome => $"{outcome.Value} {Words(outcome.Key)}"));

    private static string Words(ReplayOutcome outcome) => outcome switch
    {
        ReplayOutcome.NotReplayed => "not replayed",
        _ => outcome.ToString().ToLowerInvariant(),
    };

    private static string Name(Stage stage) => stage.ToString().ToLowerInvariant();
}
