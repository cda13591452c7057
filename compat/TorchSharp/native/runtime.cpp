// Errors, numbers, threads, random generators and the autograd switch.
#include "standin.h"
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <cstdlib>
#include <cstring>

static thread_local std::string last_error;

void remember_error() noexcept
{
    try {
        throw;
    } catch (const c10::Error& error) {
        last_error = error.what_without_backtrace();
    } catch (const std::exception& error) {
        last_error = error.what();
    } catch (...) {
        last_error = "LibTorch failed without a message";
    }
    if (last_error.empty()) last_error = "LibTorch failed without a message";
}

// Null if nothing failed on this thread since the last call; else a message valid until the next call on this thread.
extern "C" const char* op_last_error()
{
    static thread_local std::string handed_out;
    if (last_error.empty()) return nullptr;
    handed_out.swap(last_error);
    last_error.clear();
    return handed_out.c_str();
}

at::Scalar scalar(Number value)
{
    if (value.kind == 0) return value.bits;
    double number;
    std::memcpy(&number, &value.bits, sizeof number);
    return number;
}

List* list(const std::vector<at::Tensor>& tensors)
{
    auto* result = static_cast<List*>(std::malloc(sizeof(List) + tensors.size() * sizeof(H)));
    result->count = static_cast<int64_t>(tensors.size());
    for (size_t i = 0; i < tensors.size(); i++) result->items[i] = handle(tensors[i]);
    return result;
}

extern "C" void op_list_free(List* list) { std::free(list); }
extern "C" void op_dispose(H self) { delete self; }

extern "C" int64_t op_ndimension(H self) { return self->dim(); }
extern "C" int64_t op_numel(H self) { return self->numel(); }
extern "C" int32_t op_dtype(H self) { return static_cast<int32_t>(self->scalar_type()); }
extern "C" int64_t op_element_size(H self) { return static_cast<int64_t>(self->element_size()); }
extern "C" void op_sizes(H self, int64_t* into) { std::memcpy(into, self->sizes().data(), self->dim() * sizeof(int64_t)); }
extern "C" void op_strides(H self, int64_t* into) { std::memcpy(into, self->strides().data(), self->dim() * sizeof(int64_t)); }
VALUE(int64_t, 0, size, (H self, int64_t dim), self->size(dim))
VALUE(bool, false, is_contiguous, (H self), self->is_contiguous())
VALUE(void*, nullptr, data, (H self), self->data_ptr())

VALUE(int32_t, -1, get_num_threads, (), at::get_num_threads())
CHANGE(set_num_threads, (int32_t count), at::set_num_threads(count))

extern "C" at::Generator* op_generator_new(uint64_t seed) { return new at::Generator(at::make_generator<at::CPUGeneratorImpl>(seed)); }
extern "C" void op_generator_dispose(at::Generator* self) { delete self; }

extern "C" bool op_grad_enabled() { return c10::GradMode::is_enabled(); }
extern "C" void op_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }
