using IterativeDpo.Artifacts;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>Every way in which a row can be wrong: skipped and counted, or an error that names the file and the line.</summary>
public sealed class RejectedRowTests(DataFiles files) : IClassFixture<DataFiles>
{
    private const string Good = """{"prompt":"a","chosen":"b","rejected":"c"}""";
    private const string GoodChat =
        """{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}]}""";
    private const string GoodUnpaired = """{"prompt":"a","completion":"b","label":true}""";
    private const string GoodPair = """{"pair":{"prompt_id":"p","prompt_ids":[1],"chosen_ids":[2],"rejected_ids":[3]}}""";

    public static TheoryData<string, string, RowProblem> Rows { get; } = new()
    {
        { Good, "{\"prompt\":\"a\",", RowProblem.NotJson },
        { Good, "[]", RowProblem.NotJson },
        { Good, "PAR1", RowProblem.NotJson },
        { Good, """{"prompt":"a","chosen":"\ud800","rejected":"c"}""", RowProblem.NotJson },
        { Good, """{"text":"a"}""", RowProblem.MissingField },
        { Good, """{"prompt":"a","chosen":"b"}""", RowProblem.MissingField },
        { Good, """{"prompt":"a","chosen":"b","rejected":null}""", RowProblem.MissingField },
        { Good, """{"prompt":1,"chosen":"b","rejected":"c"}""", RowProblem.WrongType },
        { Good, """{"prompt":"a","chosen":["b"],"rejected":["c"]}""", RowProblem.WrongType },
        { Good, """{"prompt":"a","chosen":"b","rejected":[{"role":"assistant","content":"c"}]}""", RowProblem.WrongType },
        { Good, """{"prompt":[{"role":"user","content":"a"}],"chosen":"b","rejected":"c"}""", RowProblem.WrongType },
        { Good, """{"prompt":"a","chosen":"b","rejected":"c","prompt_id":[]}""", RowProblem.WrongType },
        { Good, """{"prompt":"a","chosen":"b","rejected":"c","chosen_probability":"high"}""", RowProblem.WrongType },
        { Good, """{"prompt":"a","chosen":"b","rejected":"c","provenance":{"prompt_text":1}}""", RowProblem.WrongType },
        { Good, """{"prompt":"a","chosen":"b","rejected":"c","chosen_probability":1.5}""", RowProblem.ProbabilityOutOfRange },
        { Good, """{"prompt":"a","chosen":"b","rejected":"b"}""", RowProblem.ChosenEqualsRejected },
        { Good, """{"prompt":"","chosen":"b","rejected":"c"}""", RowProblem.EmptyPrompt },
        { Good, """{"prompt":"a","chosen":"","rejected":"c"}""", RowProblem.EmptyCompletion },
        { Good, """{"prompt":"a","chosen":"b","rejected":""}""", RowProblem.EmptyCompletion },
            {
                Good,
                """{"prompt":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","chosen":"b","rejected":"c"}""",
                RowProblem.PromptTooLong
            },
        { Good, GoodUnpaired, RowProblem.MixedFormats },
        { Good, """{"chosen":"ab","rejected":"ac"}""", RowProblem.MixedFormats },
        { Good, GoodChat, RowProblem.MixedFormats },
        { """{"chosen":"ab","rejected":"ac"}""", """{"chosen":"b","rejected":"c"}""", RowProblem.NoCommonPrefix },
            {
                GoodChat,
                """{"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}]}""",
                RowProblem.NoCommonPrefix
            },
        { GoodChat, GoodChat.Replace("\"b\"", "\"\""), RowProblem.EmptyCompletion },
        { GoodChat, GoodChat.Replace("[{\"role\":\"user\",\"content\":\"a\"}]", "[]"), RowProblem.EmptyPrompt },
        { GoodChat, GoodChat.Replace("user", "narrator"), RowProblem.UnknownRole },
        { GoodChat, GoodChat.Replace("assistant", "user"), RowProblem.NoAssistantTurn },
        { GoodChat, GoodChat.Replace("user", "assistant"), RowProblem.NoAssistantTurn },
        { GoodChat, GoodChat.Replace("\"content\":\"a\"", "\"content\":[1]"), RowProblem.WrongType },
        { GoodChat, GoodChat.Replace("\"a\"", "\"a\\u0000b\""), RowProblem.NotText },
        { GoodChat, GoodChat.Replace("{\"prompt\"", "{\"tools\":[{\"name\":\"f\"}],\"prompt\""), RowProblem.Template },
        { GoodChat, GoodChat.Replace("{\"prompt\"", "{\"tools\":[\"f\"],\"prompt\""), RowProblem.WrongType },
        { GoodChat, GoodChat.Replace("\"content\":\"b\"", "\"content\":null"), RowProblem.WrongType },
        {
            GoodChat,
            GoodChat.Replace("\"content\":\"b\"", "\"content\":\"\",\"tool_calls\":[{\"name\":\"f\",\"arguments\":{}}]"),
            RowProblem.Template
        },
        { GoodChat, GoodChat.Replace("\"content\":\"b\"", "\"content\":\"b\",\"function_call\":{\"name\":\"f\"}"), RowProblem.Unsupported },
        { GoodChat, GoodChat.Replace("{\"prompt\"", "{\"chat_template_kwargs\":{\"think\":true},\"prompt\""), RowProblem.Unsupported },
        {
            GoodChat,
            GoodChat.Replace("\"content\":\"b\"", "\"content\":\"b\",\"tool_calls\":[{\"type\":\"function\"}]"),
            RowProblem.WrongType
        },
        { GoodChat, GoodChat.Replace("{\"prompt\"", "{\"documents\":[{\"text\":\"d\"}],\"prompt\""), RowProblem.Unsupported },
        { GoodChat, GoodChat.Replace("{\"prompt\"", "{\"system\":\"Be brief.\",\"prompt\""), RowProblem.Unsupported },
        { GoodChat, GoodChat.Replace("\"content\":\"b\"", "\"content\":\"b\",\"reasoning_content\":\"hm\""), RowProblem.Unsupported },
        { Good, """{"images":["a.png"],"prompt":"a","chosen":"b","rejected":"c"}""", RowProblem.Unsupported },
        { Good, """{"images":[{"bytes":null,"path":"a.png"}],"prompt":"a","chosen":"b","rejected":"c"}""", RowProblem.Unsupported },
        { Good, """{"system":"Be brief.","prompt":"a","chosen":"b","rejected":"c"}""", RowProblem.Unsupported },
        { Good, """{"prompt":"a","chosen":"b","rejected":"c","chosen_probability":0.5}""", RowProblem.Undecided },
        { Good, """{"prompt":"a\u0000","chosen":"b","rejected":"c"}""", RowProblem.NotText },
        { Good, """{"prompt":"a","chosen":"b","rejected":"c\u0000"}""", RowProblem.NotText },
        { GoodUnpaired, """{"prompt":"a","completion":"b","label":1}""", RowProblem.LabelNotBoolean },
        { GoodUnpaired, """{"prompt":"a","completion":"b","label":"true"}""", RowProblem.LabelNotBoolean },
        { GoodUnpaired, """{"prompt":"a","completion":"b"}""", RowProblem.MissingField },
        { GoodUnpaired, """{"completion":"b","label":true}""", RowProblem.MissingField },
        { GoodUnpaired, """{"prompt":"a","completion":"","label":true}""", RowProblem.EmptyCompletion },
        { GoodPair, """{"pair":{"prompt_id":"p"}}""", RowProblem.WrongType },
        { GoodPair, GoodPair.Replace("[1]", "[]"), RowProblem.EmptyPrompt },
        { GoodPair, GoodPair.Replace("[2]", "[]"), RowProblem.EmptyCompletion },
        { GoodPair, GoodPair.Replace("[2]", "[3]"), RowProblem.ChosenEqualsRejected },
        { GoodPair, GoodPair.Replace("[2]", "[264]"), RowProblem.UnknownToken },
        { GoodPair, GoodPair.Replace("[2]", "[-1]"), RowProblem.UnknownToken },
        { GoodPair, GoodPair.Replace("[3]}", "[3],\"chosen_probability\":-1}"), RowProblem.ProbabilityOutOfRange },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Open_bad_row_skipped_is_counted_by_its_problem(string good, string bad, RowProblem problem)
    {
        using var data = files.Open(files.Write(good, bad), new DataOptions(64, Unpaired: true, SkipBadRows: true));

        Assert.Equal([new(problem, 1)], data.Rows.RejectedByProblem);
        Assert.Equal(2, data.Rows.FirstRejected[0].Line);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Open_bad_row_is_an_error_that_names_file_and_line(string good, string bad, RowProblem _)
    {
        var path = files.Write(good, "", bad, good);

        var error = Assert.Throws<UserInputException>(() => files.Open(path, new DataOptions(64, Unpaired: true)));

        Assert.StartsWith($"{path}, line 3: ", error.Message);
        Assert.Contains("--skip-bad-rows", error.Message);
    }

    [Fact]
    public void Open_other_format_says_which_line_it_differs_from()
    {
        var path = files.Write("", Good, GoodUnpaired);

        var error = Assert.Throws<UserInputException>(() => files.Open(path, new DataOptions(64, Unpaired: true)));

        Assert.Contains("line 3: an unpaired text, where line 2 has a preference of texts", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Open_unpaired_row_among_pairs_skipped_is_counted_wherever_it_is(int at)
    {
        List<string> rows = [GoodPair, GoodPair];
        rows.Insert(at, GoodUnpaired);

        using var data = files.Open(files.Write(rows), new DataOptions(64, SkipBadRows: true));

        Assert.Equal([new(at == 0 ? RowProblem.Unpaired : RowProblem.MixedFormats, 1)], data.Rows.RejectedByProblem);
        Assert.Equal(2, data.Examples.Count);
    }

    [Fact]
    public void Open_bytes_that_are_not_UTF8_are_rejected()
    {
        var path = files.Write(Good);
        File.AppendAllText(path, "{\"prompt\":\"\u00e9\",\"chosen\":\"b\",\"rejected\":\"c\"}\n", System.Text.Encoding.Latin1);

        using var data = files.Open(path, new DataOptions(64, SkipBadRows: true));

        Assert.Equal([new(RowProblem.NotJson, 1)], data.Rows.RejectedByProblem);
    }

    [Fact]
    public void Open_byte_order_mark_and_carriage_returns_are_no_part_of_a_row()
    {
        var path = files.Write();
        File.WriteAllText(path, $"\uFEFF{Good}\r\n{Good}", new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

        using var data = files.Open(path);

        Assert.Equal(2, data.Examples.Count);
    }

    [Fact]
    public void Open_no_row_that_can_be_used_says_why_and_leaves_no_file()
    {
        var path = files.Write("{", "[]", "{}");
        var cache = files["cache-none"];

        var error = Assert.Throws<UserInputException>(() => files.Open(path, new DataOptions(64, SkipBadRows: true), cache));

        Assert.Contains("none of the 3 rows", error.Message);
        Assert.Contains("2 NotJson", error.Message);
        Assert.Empty(Directory.GetFiles(cache));
    }

    [Fact]
    public void Open_empty_file_says_so() =>
        Assert.Contains("no rows", Assert.Throws<UserInputException>(() => files.Open(files.Write(" ", ""))).Message);

    [Fact]
    public void Open_missing_file_names_it() =>
        Assert.Contains("nowhere.jsonl", Assert.Throws<UserInputException>(() => files.Open(files["nowhere.jsonl"])).Message);

    [Fact]
    public void Open_more_bad_rows_than_are_listed_are_all_counted()
    {
        var path = files.Write([Good, .. Enumerable.Repeat("{", RowSummary.MostListed + 5)]);

        using var data = files.Open(path, new DataOptions(64, SkipBadRows: true));

        Assert.Equal((RowSummary.MostListed + 5, RowSummary.MostListed), (data.Rows.Rejected, data.Rows.FirstRejected.Count));
    }
}
