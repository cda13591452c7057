namespace LLama.Native;

/// <summary>A LoRA adapter loaded for one model.</summary>
public class LoraAdapter
{
    internal LoraAdapter(SafeLlamaModelHandle model, nint pointer)
    {
        Model = model;
        Pointer = pointer;
        Loaded = true;
    }

    internal SafeLlamaModelHandle Model { get; }

    internal nint Pointer { get; }

    internal bool Loaded { get; private set; }

    /// <summary>Frees it; a second call does nothing. A model frees the adapters it still has.</summary>
    public void Unload()
    {
        if (Loaded && !Model.IsClosed)
        {
            NativeMethods.llama_adapter_lora_free(Pointer);
        }
        Loaded = false;
    }
}
