namespace LLama.Native;

/// <summary>How the embeddings of a sequence's tokens become one.</summary>
public enum LLamaPoolingType
{
    /// <summary>As the model's file says.</summary>
    Unspecified = -1,

    None = 0,
    Mean = 1,
    CLS = 2,

    /// <summary>The last token's.</summary>
    Last = 3,

    /// <summary>The scores of the file's classification head, on the first token except where the architecture is Qwen3.</summary>
    Rank,
}
