using System.Runtime.InteropServices;
using System.Text;
using LLama.Exceptions;

namespace LLama.Native;

/// <summary>The weights of a model.</summary>
public sealed unsafe class SafeLlamaModelHandle : SafeLLamaHandleBase
{
    private SafeLlamaModelHandle(nint handle) : base(handle) => Vocab = new Vocabulary(this);

    internal Vocabulary Vocab { get; }

    internal int EmbeddingSize => NativeMethods.llama_model_n_embd(this);

    internal static SafeLlamaModelHandle Load(string modelPath, NativeModelParams parameters)
    {
        // Opening it first gives the usual exceptions for a missing or unreadable file.
        using (File.OpenRead(modelPath))
        {
        }
        var handle = NativeMethods.llama_model_load_from_file(modelPath, parameters);
        return handle == 0 ? throw new LoadWeightsFailedException(modelPath) : new SafeLlamaModelHandle(handle);
    }

    /// <summary>Loads an adapter; as in the package, a file that llama.cpp refuses is not reported here.</summary>
    public LoraAdapter LoadLoraFromFile(string path)
    {
        path = Path.GetFullPath(path);
        using (File.OpenRead(path))
        {
        }
        return new LoraAdapter(this, NativeMethods.llama_adapter_lora_init(this, path));
    }

    /// <summary>Writes a token's bytes; nothing if <paramref name="dest"/> is too short.</summary>
    /// <param name="special">Whether control tokens have a text.</param>
    /// <returns>The number of bytes of the token.</returns>
    public uint TokenToSpan(LLamaToken token, Span<byte> dest, int lstrip = 0, bool special = false)
    {
        fixed (byte* buffer = dest)
        {
            return (uint)Math.Abs(NativeMethods.llama_token_to_piece(Vocab.Native, (int)token, buffer, dest.Length, lstrip, special ? (byte)1 : (byte)0));
        }
    }

    /// <param name="addBos">Adds what the model's vocabulary says it adds.</param>
    /// <param name="special">Whether the text of a special token becomes that token.</param>
    public LLamaToken[] Tokenize(string text, bool addBos, bool special, Encoding encoding)
    {
        if (text.Length == 0 && !addBos)
        {
            return [];
        }
        var bytes = encoding.GetBytes(text + "\0");
        var length = bytes.Length - 1;
        fixed (byte* pointer = bytes)
        {
            var (bos, parse) = (addBos ? (byte)1 : (byte)0, special ? (byte)1 : (byte)0);
            var tokens = new LLamaToken[-NativeMethods.llama_tokenize(Vocab.Native, pointer, length, null, 0, bos, parse)];
            fixed (LLamaToken* destination = tokens)
            {
                _ = NativeMethods.llama_tokenize(Vocab.Native, pointer, length, (int*)destination, tokens.Length, bos, parse);
            }
            return tokens;
        }
    }

    /// <summary>The chat template in the model's metadata; without one null, or an exception when <paramref name="strict"/>.</summary>
    internal string? GetTemplate(string? name = null, bool strict = true)
    {
        var template = NativeMethods.llama_model_chat_template(this, name);
        return template == 0 && strict
            ? throw new TemplateNotFoundException(name ?? "default template")
            : Marshal.PtrToStringUTF8(template);
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.llama_model_free(handle);
        return true;
    }

    /// <summary>The model's tokens; a special token that it lacks is null.</summary>
    public sealed class Vocabulary
    {
        private readonly SafeLlamaModelHandle _model;

        internal Vocabulary(SafeLlamaModelHandle model) => _model = model;

        internal nint Native => NativeMethods.llama_model_get_vocab(_model);

        public int Count => NativeMethods.llama_vocab_n_tokens(Native);

        public LLamaToken? BOS => Normalize(NativeMethods.llama_vocab_bos(Native));

        public LLamaToken? EOS => Normalize(NativeMethods.llama_vocab_eos(Native));

        public LLamaToken? EOT => Normalize(NativeMethods.llama_vocab_eot(Native));

        public bool ShouldAddBOS => NativeMethods.llama_vocab_get_add_bos(Native) != 0;

        private static LLamaToken? Normalize(int token) => token == -1 ? null : token;
    }
}
