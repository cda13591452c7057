using System.Text.Json;
using IterativeDpo.Generation.Jinja;

namespace IterativeDpo.Generation.Tests.Jinja;

/// <summary>
/// <c>cases.jsonl</c> has templates, what they are given, and what Jinja 3.1 makes of it in the environment that transformers sets up
/// (<c>chat_template_utils</c>): a text, or the error it raises.
/// </summary>
public sealed class JinjaTemplateTests
{
    private static readonly string CasesPath = Path.Combine(AppContext.BaseDirectory, "Jinja", "cases.jsonl");
    private static readonly DateTimeOffset s_time = new(2026, 3, 7, 15, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Render_everyConstruct_isWhatJinjaGives()
    {
        var wrong = new List<string>();
        foreach (var line in File.ReadLines(CasesPath))
        {
            using var json = JsonDocument.Parse(line);
            var template = json.RootElement.GetProperty("template").GetString()!;
            var expected = json.RootElement.TryGetProperty("text", out var text)
                ? text.GetString()!
                : $"error ({json.RootElement.GetProperty("error").GetString()})";
            var found = Render(template, json.RootElement.GetProperty("variables"));
            if (found != expected
                && !(found.StartsWith("error", StringComparison.Ordinal) && expected.StartsWith("error", StringComparison.Ordinal)))
            {
                wrong.Add($"{template}\n  expected: {JsonSerializer.Serialize(expected)}\n  found:    {JsonSerializer.Serialize(found)}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Theory]
    [InlineData("a\n\n{{ 1 / 0 }}", "line 3: division by zero")]
    [InlineData("{% if x %}\n{{ messages[0].content.nope }}\n{% endif %}\n{{ y.z }}", "line 4: 'y' is undefined")]
    [InlineData("\n{% for x in 5 %}{% endfor %}", "line 2: 'int' object is not iterable")]
    [InlineData("{% macro f(x) %}\n{{ x.a.b }}{% endmacro %}\n{{ f({}) }}", "line 2: 'dict object' has no attribute 'a'")]
    [InlineData("{% if x %}\n\n", "line 2: the template ends where 'elif' or 'else' or 'endif' belongs")]
    [InlineData("x\n{% include 'a' %}", "line 2: 'include' is not supported here")]
    [InlineData("{{ x | nonsense }}", "line 1: there is no filter named 'nonsense' here")]
    [InlineData("{{ x is nonsense }}", "line 1: there is no test named 'nonsense' here")]
    [InlineData("{{ strftime_now('%Q') }}", "line 1: strftime_now: the code %Q is not known here")]
    public void Render_whatIsWrong_isToldWithItsLine(string template, string expected) =>
        Assert.Equal(expected, Assert.Throws<JinjaException>(() => JinjaTemplate.Parse(template).Render([], s_time)).Message);

    [Fact]
    public void Render_raiseException_hasWhatTheTemplateSays()
    {
        var error = Assert.Throws<JinjaException>(() =>
            JinjaTemplate.Parse("\n{{ raise_exception('roles must ' ~ 'alternate') }}").Render([], s_time));

        Assert.Equal(("roles must alternate", 2), (error.Raised, error.Line));
    }

    [Fact]
    public void Render_timeThatNobodySays_isAnError() => Assert.Equal(
        "line 1: strftime_now asks for the time, and it is not set (chat-template.time)",
        Assert.Throws<JinjaException>(() => JinjaTemplate.Parse("{{ strftime_now('%Y') }}").Render([], null)).Message);

    [Theory]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='0123456789') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[0]) %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[0]) %}{% for a in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[0]) %}{% for a in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}")]
    [InlineData(
        "{% set ns = namespace(x=[0], y=[0]) %}{% for a in range(99999) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}")]
    [InlineData("{{ 'x' * 999999999999 }}")]
    [InlineData("{{ [1] * 999999999999 }}")]
    [InlineData("{{ 'x'.center(999999999999) }}")]
    [InlineData("{{ 'x' | indent('y' * 99999) | replace('y', 'z' * 99999) }}{{ '%99999s' % 'x' }}")]
    [InlineData("{{ range(999999999999) }}")]
    [InlineData("{{ 10 ** 99 }}")]
    [InlineData("{{ 9223372036854775807 + 1 }}")]
    [InlineData("{{ (-9223372036854775807 - 1) // -1 }}")]
    [InlineData("{{ (-9223372036854775807 - 1) | abs }}")]
    public void Render_whatDoesNotEnd_isAnError(string template) =>
        Assert.Throws<JinjaException>(() => JinjaTemplate.Parse(template).Render([], s_time));

    [Theory]
    [InlineData("{{ ", "(", "1", ")", " }}")]
    [InlineData("{{ ", "[", "1", "]", " }}")]
    [InlineData("{{ ", "not ", "1", "", " }}")]
    [InlineData("{{ ", "-", "1", "", " }}")]
    [InlineData("{{ 1", " + 1", "", "", " }}")]
    [InlineData("{{ 1", " | abs", "", "", " }}")]
    [InlineData("{{ x", ".a", "", "", " }}")]
    [InlineData("{{ x", " or x", "", "", " }}")]
    [InlineData("{{ 1", " if x else 1", "", "", " }}")]
    [InlineData("{{ ", "{1: ", "1", "}", " }}")]
    [InlineData("", "{% if 1 %}", "", "{% endif %}", "")]
    [InlineData("", "{% for x in [1] %}", "", "{% endfor %}", "")]
    public void Parse_nestedWithoutEnd_isAnErrorOrIsRendered(string begin, string open, string inside, string close, string end)
    {
        var template =
            begin + string.Concat(Enumerable.Repeat(open, 20_000)) + inside + string.Concat(Enumerable.Repeat(close, 20_000)) + end;

        Assert.True(Record.Exception(() => JinjaTemplate.Parse(template).Render([], s_time)) is null or JinjaException);
    }

    [Fact]
    public void Parse_mutilatedTemplates_throwNothingButTheirOwnError()
    {
        const string signs = "{}%|()[]'\"-+.,:=~\n0a _\\*/<>!";
        var random = new Random(1);
        var templates = File.ReadLines(CasesPath)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(json => (json.GetProperty("template").GetString()!, json.GetProperty("variables")))
            .ToArray();
        for (var i = 0; i < 5000; i++)
        {
            var (template, variables) = templates[random.Next(templates.Length)];
            var other = templates[random.Next(templates.Length)].Item1;
            var at = random.Next(template.Length + 1);
            var mutilated = random.Next(4) switch
            {
                0 => template.Remove(at, Math.Min(random.Next(5), template.Length - at)),
                1 => template.Insert(at, signs[random.Next(signs.Length)].ToString()),
                2 => template[..at] + other[random.Next(other.Length + 1)..],
                _ => template.Insert(at, other),
            };

            Assert.True(Record.Exception(() => Render(mutilated, variables)) is null, mutilated);
        }
    }

    private static string Render(string template, JsonElement variables)
    {
        try
        {
            return JinjaTemplate
                .Parse(template)
                .Render(variables.EnumerateObject().Select(item => KeyValuePair.Create(item.Name, JinjaJson.Read(item.Value))), s_time)
                .Value;
        }
        catch (JinjaException e)
        {
            return $"error ({e.Message})";
        }
    }
}
