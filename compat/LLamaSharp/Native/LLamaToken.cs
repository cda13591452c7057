using System.Runtime.InteropServices;

namespace LLama.Native;

/// <summary>A token's id.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct LLamaToken
{
    private readonly int _value;

    private LLamaToken(int value) => _value = value;

    public static explicit operator int(LLamaToken pos) => pos._value;

    public static implicit operator LLamaToken(int value) => new(value);

    public bool IsEndOfGeneration(SafeLlamaModelHandle.Vocabulary vocab) => NativeMethods.llama_vocab_is_eog(vocab.Native, _value) != 0;

    public override string ToString() => _value.ToString();
}
