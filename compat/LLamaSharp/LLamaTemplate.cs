using System.Runtime.InteropServices;
using System.Text;
using LLama.Exceptions;
using LLama.Native;

namespace LLama;

/// <summary>Renders messages by a model's chat template, if it is one of those llama.cpp knows.</summary>
public sealed unsafe class LLamaTemplate
{
    private readonly string? _template;
    private readonly List<(string Role, string Content)> _messages = [];

    /// <exception cref="TemplateNotFoundException">The model has no template, and <paramref name="strict"/> is set.</exception>
    public LLamaTemplate(LLamaWeights weights, bool strict = true) => _template = weights.NativeHandle.GetTemplate(strict: strict);

    /// <summary>Whether the text ends with the opening of the assistant's turn.</summary>
    public bool AddAssistant { get; set; }

    public LLamaTemplate Add(string role, string content)
    {
        _messages.Add((role, content));
        return this;
    }

    /// <returns>The rendered conversation in UTF-8.</returns>
    /// <exception cref="MissingTemplateException">llama.cpp does not know the template.</exception>
    public ReadOnlySpan<byte> Apply()
    {
        var strings = _messages.SelectMany(m => new[] { m.Role, m.Content }).Append(_template).Select(Marshal.StringToCoTaskMemUTF8).ToArray();
        try
        {
            var messages = new NativeChatMessage[_messages.Count];
            for (var i = 0; i < messages.Length; i++)
            {
                messages[i] = new() { role = (byte*)strings[2 * i], content = (byte*)strings[(2 * i) + 1] };
            }
            // As the package does: twice the input is mostly enough.
            var result = new byte[Math.Max(32, 2 * _messages.Sum(m => Encoding.UTF8.GetByteCount(m.Role) + Encoding.UTF8.GetByteCount(m.Content)))];
            var length = Render((byte*)strings[^1], messages, result);
            if (length > result.Length)
            {
                result = new byte[length];
                _ = Render((byte*)strings[^1], messages, result);
            }
            return result.AsSpan(0, length);
        }
        finally
        {
            Array.ForEach(strings, Marshal.FreeCoTaskMem);
        }
    }

    private int Render(byte* template, NativeChatMessage[] messages, byte[] result)
    {
        fixed (NativeChatMessage* chat = messages)
        fixed (byte* buffer = result)
        {
            var length = NativeMethods.llama_chat_apply_template(
                template, chat, (nuint)messages.Length, AddAssistant ? (byte)1 : (byte)0, buffer, result.Length);
            return length >= 0 ? length : throw new MissingTemplateException(_template ?? "");
        }
    }
}
