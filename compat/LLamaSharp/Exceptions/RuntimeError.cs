using LLama.Native;

namespace LLama.Exceptions;

/// <summary>llama.cpp could not do what was asked.</summary>
public class RuntimeError(string message) : Exception(message);

/// <summary>llama.cpp refused a model file.</summary>
public class LoadWeightsFailedException(string modelPath) : RuntimeError($"Failed to load model '{modelPath}'")
{
    public string ModelPath { get; } = modelPath;
}

/// <summary>llama.cpp does not know the chat template.</summary>
public class MissingTemplateException : RuntimeError
{
    public MissingTemplateException() : base("llama_chat_apply_template failed: template not found") { }

    public MissingTemplateException(string message)
        : base($"llama_chat_apply_template failed: template not found for '{message}'") { }
}

/// <summary>The model carries no chat template.</summary>
public class TemplateNotFoundException(string name)
    : RuntimeError($"llama_model_chat_template failed: the model has no template '{name}'");

/// <summary>The batch asked for no logits at this index.</summary>
public class GetLogitsInvalidIndexException(int index) : RuntimeError($"llama_get_logits_ith({index}) returned null")
{
    public int Index { get; } = index;
}

/// <summary>llama_decode returned something other than 0.</summary>
public class LLamaDecodeError(DecodeResult returnCode) : RuntimeError($"llama_decode failed: '{returnCode}'")
{
    public DecodeResult ReturnCode { get; } = returnCode;
}
