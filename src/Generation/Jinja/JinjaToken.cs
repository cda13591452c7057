namespace IterativeDpo.Generation.Jinja;

internal enum JinjaTokenKind { Data, OutputBegin, OutputEnd, BlockBegin, BlockEnd, Name, Text, Number, Sign, End }

/// <param name="Value">Of a number a long or a double, and else its text.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, object Value, int Line)
{
    public bool Is(JinjaTokenKind kind, string value) => Kind == kind && (string)Value == value;

    public override string ToString() => Kind switch
    {
        JinjaTokenKind.End => "the end of the template",
        JinjaTokenKind.Data => "text",
        JinjaTokenKind.OutputBegin => "'{{'",
        JinjaTokenKind.OutputEnd => "'}}'",
        JinjaTokenKind.BlockBegin => "'{%'",
        JinjaTokenKind.BlockEnd => "'%}'",
        _ => $"'{Value}'",
    };
}
