using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Judges;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Tests.Judges;

public sealed class PeopleFilesTests : IDisposable
{
    private static readonly PeopleTask s_task = new(
        "t1",
        "people",
        3,
        "p0",
        "add",
        "What is\n\"1, 2\"?",
        0,
        5,
        "one",
        "=two",
        true,
        1,
        7,
        DateTimeOffset.UnixEpoch);

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("label-studio")]
    [InlineData("argilla")]
    public void Export_hasTheTextsInTheOrderOfTheTask_andNotWhoseTheyAre(string format)
    {
        var text = Encoding.UTF8.GetString(PeopleExport.Write([s_task, s_task with { Id = "t2" }], format));

        Assert.Contains("t2", text, StringComparison.Ordinal);
        Assert.DoesNotContain("p0", text, StringComparison.Ordinal);
        Assert.DoesNotContain("people", text, StringComparison.Ordinal);
        var (a, b) = (s_task.TextOf(s_task.FirstShownTo("")), s_task.TextOf(s_task.OtherOf(s_task.FirstShownTo(""))));
        Assert.True(text.IndexOf(a, StringComparison.Ordinal) < text.IndexOf(b, StringComparison.Ordinal));
        if (format != "csv")
        {
            using var document = JsonDocument.Parse(format == "jsonl" ? text[..text.IndexOf('\n', StringComparison.Ordinal)] : text);
            var item = format == "jsonl" ? document.RootElement : document.RootElement[0];
            var fields = format switch { "label-studio" => item.GetProperty("data"), "argilla" => item.GetProperty("fields"), _ => item };
            Assert.Equal((s_task.Prompt, a), (fields.GetProperty("prompt").GetString(), fields.GetProperty("answer_a").GetString()));
            Assert.Equal("t1", (format == "label-studio" ? fields : item).GetProperty("id").GetString());
        }
    }

    [Theory]
    [InlineData("id,prompt,answer,person\r\nt1,\"a, b\",a,anna\r\n", "t1 anna A ")]
    [InlineData("id;annotator;choice;lead_time\nt1;7;Right;2.5\n", "t1 7 B 2.5")]
    [InlineData("""{"id": "t1", "person": "anna", "answer": "tie"}""", "t1 anna Tie ")]
    [InlineData("""
        [{"id": 5, "data": {"id": "t1"}, "annotations": [
          {"completed_by": {"id": 1, "email": "anna@example.org"}, "lead_time": 4.288, "was_cancelled": false, "result": [{"type": "pairwise", "value": {"selected": "left"}}]},
          {"completed_by": 2, "lead_time": 1, "was_cancelled": true, "result": []},
          {"completed_by": 3, "result": [{"type": "choices", "value": {"choices": ["neither"]}}]}]}]
        """, "t1 anna@example.org A 4.288; t1 2 Skip 1; t1 3 Neither ")]
    [InlineData(
        """[{"id": "t1", "fields": {}, "responses": {"preference": [{"value": "answer_b", "user_id": "0a1b-2c"}]}}, {"id": "t2", "responses": {}}]""",
        "t1 0a1b-2c B ")]
    [InlineData(
        """[{"id": "t1", "better.responses": ["a", "b", "tie"], "better.responses.users": ["u1", "u2", "u3"], "better.responses.status": ["submitted", "draft", "discarded"], "better.suggestion": null}, {"id": "t2", "better.responses": null, "better.responses.users": null, "better.responses.status": null}]""",
        "t1 u1 A ; t1 u3 Skip ")]
    [InlineData("", "")]
    public void Import_readsWhatLabellingToolsWrite(string text, string expected)
    {
        File.WriteAllText(_path, text);

        var verdicts = new PeopleImport(null).Read(_path);

        Assert.Equal(
            expected,
            string.Join("; ", verdicts.Select(one => FormattableString.Invariant($"{one.Task} {one.Person} {one.Answer} {one.Seconds}"))));
    }

    [Theory]
    [InlineData(
        "id,answer\nt1,a\n",
        "line 2: it does not say who judged, in any of person, annotator, completed_by, user_id; say so with --person")]
    [InlineData("id,answer,person\nt1,best,anna\n", "line 2: 'best' is no verdict; it must be one of a, ")]
    [InlineData("id,answer,person\nt1,a,<b>\n", "line 2: '<b>' is no name: a name has 1 to 64")]
    [InlineData("id,answer,person\nt1,a\n", "line 2: 2 fields, and the heading has 3")]
    [InlineData("answer,person\na,anna\n", "line 2: it has no 'id'")]
    [InlineData("{\"id\": \"t1\"", "line 1: this is no JSON")]
    [InlineData("[1]", "item 1: this is no object")]
    [InlineData("""[{"id": "t1", "responses": {"preference": [], "rating": []}}]""", "item 1: it answers 2 questions, preference, rating")]
    [InlineData(
        """[{"id": "t1", "preference.responses": [], "rating.responses": []}]""",
        "item 1: it answers 2 questions, preference, rating")]
    [InlineData(
        """[{"id": "t1", "better.responses": ["a"], "better.responses.users": ["u1"]}]""",
        "item 1: better.responses has 1 answers, and they are of 1 users in 0 states")]
    public void Import_ofWhatIsNoVerdict_isRefusedWithThePlace(string text, string message)
    {
        File.WriteAllText(_path, text);

        Assert.Contains(
            message,
            Assert.Throws<UserInputException>(() => new PeopleImport(null).Read(_path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Import_withAPerson_needsNoneInTheFile()
    {
        File.WriteAllText(_path, "id,answer\nt1,a\n");

        Assert.Equal("anna", Assert.Single(new PeopleImport("anna").Read(_path)).Person);
    }
}
