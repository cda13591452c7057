using System.Diagnostics;
using System.Text;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary><c>dpo convert</c> through the real executable and the bundled seed's tokenizer.</summary>
[Collection(nameof(PageTests))]
public sealed class ConvertTests : IDisposable
{
    private const string Row =
        """{"prompt":[{"role":"user","content":"Say 1"}],"chosen":[{"role":"assistant","content":"1"}],"rejected":[{"role":"assistant","content":"2"}],"prompt_id":"p"}""";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-convert-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Convert_toPairs_givesIdsWithTheTemplateAndBosOnce()
    {
        using var process = Convert(Row, "pairs", "--model", TinyTraining.Model);

        Assert.True(process.ExitCode == 0, process.Errors);
        int[] prompt = [256, 257, .. "\nSay 1".Select(c => (int)c), 259, '\n', 258, '\n'];
        Assert.Equal(
            "{\"pair\":{\"prompt_id\":\"p\",\"prompt_ids\":[" + string.Join(',', prompt)
                + "],\"chosen_ids\":[49,259],\"rejected_ids\":[50,259],\"chosen_probability\":1}}\n",
            File.ReadAllText(Output));
    }

    [Fact]
    public void Convert_settingOfTheChatTemplateThatCannotBe_exits2WithTheKey()
    {
        using var process = Convert(Row, "pairs", "--model", TinyTraining.Model, "--set", "chat-template.kwargs={x");

        AssertRefused(process, "campaign.chat-template.kwargs", "it must be a JSON object", "--set");
    }

    [Fact]
    public void Convert_badRowsSkipped_areCountedAndListedAsJson()
    {
        using var process = Convert(
            $"{{\n{Row}\n{Row.Replace("\"2\"", "\"1\"")}",
            "trl-unpaired",
            "--skip-bad-rows",
            "--list-bad-rows",
            "--json");

        Assert.True(process.ExitCode == 0, process.Errors);
        Assert.Equal(
            (3, 2, 2, 1),
            (
                Number("rows_read"),
                Number("rows_written"),
                Number("rows_rejected"),
                process.Json.GetProperty("rejected").GetProperty("not_json").GetInt32()));
        Assert.Equal([1, 3], process.Json.GetProperty("bad_rows").EnumerateArray().Select(row => row.GetProperty("line").GetInt32()));
        Assert.Contains("converting", process.Errors, StringComparison.Ordinal);

        int Number(string name) => process.Json.GetProperty(name).GetInt32();
    }

    [Fact]
    public void Convert_badRow_exits2NamesTheLineAndWritesNothing()
    {
        using var process = Convert($"{Row}\n{{", "trl-unpaired");

        AssertRefused(process, "data.jsonl, line 2", "--skip-bad-rows");
        Assert.False(File.Exists(Output));
    }

    [Fact]
    public async Task Convert_ofADash_readsStandardInput()
    {
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "dpo.dll"), "convert", "-", "--to", "trl-conversational", "--out", Output])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteLineAsync(Row);
        process.StandardInput.Close();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, errors);
        Assert.Equal(Row + "\n", File.ReadAllText(Output));
    }

    [Fact]
    public void Convert_existingOutput_isKeptUnlessForced()
    {
        File.WriteAllText(Output, "precious");

        using (var process = Convert(Row, "trl-unpaired"))
        {
            AssertRefused(process, "--force");
            Assert.Equal("precious", File.ReadAllText(Output));
        }
        using var forced = Convert(Row, "trl-unpaired", "--force");

        Assert.Equal(0, forced.ExitCode);
        Assert.Equal(2, File.ReadAllLines(Output).Length);
    }

    /// <summary>A number in the footer goes on past its end, at which the library would read for ever.</summary>
    [Fact]
    public void Convert_parquetWithADamagedFooter_exits2InsteadOfHanging()
    {
        using var process = Convert("PAR1\u0015\u00ff\u0002\0\0\0PAR1", "trl-unpaired");

        AssertRefused(process, "data.jsonl: the Parquet file cannot be read at its end");
    }

    [Fact]
    public void Convert_withoutTheModelItNeeds_asksForIt()
    {
        using var process = Convert(Row, "pairs");

        AssertRefused(process, "--model");
    }

    [Fact]
    public void Convert_toAnUnknownFormat_listsTheKnownOnes()
    {
        using var process = Convert(Row, "parquet");

        AssertRefused(process, "trl-conversational");
    }

    private string Output => Path.Combine(_directory.FullName, "out.jsonl");

    private DpoProcess Convert(string data, string to, params string[] more)
    {
        var path = Path.Combine(_directory.FullName, "data.jsonl");
        File.WriteAllText(path, data, Encoding.Latin1);
        return DpoProcess.Run(["convert", path, "--to", to, "--out", Output, "--threads", "1", .. more]);
    }

    private static void AssertRefused(DpoProcess process, params string[] said)
    {
        Assert.Equal(2, process.ExitCode);
        Assert.All(said, text => Assert.Contains(text, process.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", process.Errors, StringComparison.Ordinal);
    }
}
