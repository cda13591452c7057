using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

public sealed class StateDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string State => _directory["state"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_makes_the_directory_and_its_store()
    {
        using var state = StateDirectory.Open(State, "a");

        var digest = state.Artifacts.Put(new byte[] { 1 });

        Assert.StartsWith(Path.Combine(State, "artifacts"), state.Artifacts.PathOf(digest));
    }

    [Fact]
    public void Open_again_after_dispose_is_allowed()
    {
        StateDirectory.Open(State, "a").Dispose();

        using var state = StateDirectory.Open(State, "a");

        Assert.Equal(State, state.Root);
    }

    [Fact]
    public void Open_while_held_names_the_process_and_the_way_out()
    {
        using var state = StateDirectory.Open(State, "a");

        AssertRefused(
            $"{State}: in use by process {Environment.ProcessId}. Wait for it to end, stop it, or choose another directory with --state.");
    }

    [Fact]
    public async Task Open_while_another_process_holds_it_is_refused_until_that_is_killed()
    {
        using var holder = SecondProcess.Start($"exec {SecondProcess.Command} hold '{State}' a");
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());

        AssertRefused($"in use by process {holder.Id}.");
        holder.Kill();
        await holder.WaitForExitAsync();

        StateDirectory.Open(State, "a").Dispose();
    }

    [Fact]
    public void Open_of_another_campaigns_state_names_it_and_harms_nothing()
    {
        StateDirectory.Open(State, "theirs").Dispose();
        var before = File.ReadAllText(Path.Combine(State, "state.json"));

        AssertRefused($"{State}: holds the state of campaign 'theirs', not of 'a'. Choose another directory with --state");

        Assert.Equal(before, File.ReadAllText(Path.Combine(State, "state.json")));
        StateDirectory.Open(State, "theirs").Dispose();
    }

    [Theory]
    [InlineData("""{ "format": 2, "campaign": "a" }""")]
    [InlineData("""{ "format": 2, "name": "of another shape" }""")]
    public void Open_of_a_newer_format_says_to_update(string layout)
    {
        WriteLayout(layout);

        AssertRefused("its state has format 2, and this program knows format 1. Update the program");
    }

    [Theory]
    [InlineData("", "damaged")]
    [InlineData("null", "the document is null")]
    [InlineData("{\n\"format\": oops }", "LineNumber: 1")]
    [InlineData("""{ "campaign": "a" }""", "missing required properties including: 'format'")]
    public void Open_of_a_damaged_layout_names_the_file(string layout, string problem)
    {
        WriteLayout(layout);

        AssertRefused($"{Path.Combine(State, "state.json")}: damaged");
        AssertRefused(problem);
    }

    [Fact]
    public void Open_after_a_kill_removes_unfinished_artifacts()
    {
        Directory.CreateDirectory(Path.Combine(State, "artifacts"));
        File.WriteAllText(Path.Combine(State, "artifacts", "incoming.1-1.tmp"), "half");

        StateDirectory.Open(State, "a").Dispose();

        Assert.Empty(Directory.GetFiles(Path.Combine(State, "artifacts")));
    }

    [Fact]
    public void Open_under_a_file_is_refused()
    {
        File.WriteAllText(_directory["file"], "");

        var error = Assert.Throws<UserInputException>(() => StateDirectory.Open(Path.Combine(_directory["file"], "state"), "a"));

        Assert.StartsWith($"{_directory["file"]}", error.Message);
        Assert.Contains("cannot be used for the campaign's state", error.Message);
    }

    [Fact]
    public void Open_where_nobody_may_write_is_refused()
    {
        // The kernel's own directories take no files, from root either.
        var error = Assert.Throws<UserInputException>(() => StateDirectory.Open("/proc/self/fdinfo", "a"));

        Assert.StartsWith("/proc/self/fdinfo: cannot be used for the campaign's state", error.Message);
    }

    private void WriteLayout(string json)
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(Path.Combine(State, "state.json"), json);
    }

    private void AssertRefused(string problem)
    {
        var error = Assert.Throws<UserInputException>(() => StateDirectory.Open(State, "a"));
        Assert.Contains(problem, error.Message);
    }
}
