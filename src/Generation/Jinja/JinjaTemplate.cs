namespace IterativeDpo.Generation.Jinja;

/// <summary>
/// A chat template, read once and rendered as transformers renders it: Jinja with <c>trim_blocks</c>, <c>lstrip_blocks</c>, loop controls
/// and
/// <c>generation</c>, in a sandbox in which nothing that is given can be changed. Any thread may render.
/// </summary>
/// <remarks>The reference is Jinja 3.1 and <c>transformers.utils.chat_template_utils</c>; docs/decisions/022 says what is left
/// out.</remarks>
internal sealed class JinjaTemplate
{
    private readonly JinjaStatement[] _statements;

    private JinjaTemplate(JinjaStatement[] statements) => _statements = statements;

    /// <exception cref="JinjaException">It is no template, or has something that is not known here.</exception>
    public static JinjaTemplate Parse(string template) => new(JinjaParser.Read(template));

    /// <param name="variables">By name; names that a template asks for and that are not here are undefined.</param>
    /// <param name="time">What <c>strftime_now</c> gives; null is an error where a template asks for it.</param>
    /// <exception cref="JinjaException">The template refuses what it is given, or cannot be worked out.</exception>
    public JinjaText Render(IEnumerable<KeyValuePair<string, object?>> variables, DateTimeOffset? time)
    {
        var run = new JinjaRun(time);
        var scope = new JinjaScope(null);
        foreach (var (name, value) in variables)
        {
            scope.Set(string.Intern(name), value);
        }
        var written = new JinjaWriter(run);
        JinjaStatement.RenderAll(_statements, run, new(scope), written);
        return written.ToText();
    }
}
