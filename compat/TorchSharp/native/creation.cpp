// Tensors from nothing, from numbers and from memory.
#include "standin.h"
#include <cstring>

static at::TensorOptions options(int32_t type) { return at::TensorOptions().dtype(static_cast<at::ScalarType>(type)); }

// Copies: the caller's memory may move or go away afterwards.
static at::Tensor copied(const void* data, Dims dims, int64_t rank, int32_t type)
{
    auto result = at::empty(at::IntArrayRef(dims, rank), options(type));
    if (result.numel() > 0) std::memcpy(result.data_ptr(), data, result.nbytes());
    return result;
}

TENSOR(from_memory, (const void* data, Dims dims, int64_t rank, int32_t type), copied(data, dims, rank, type))
TENSOR(empty, (Dims dims, int64_t rank, int32_t type), at::empty(at::IntArrayRef(dims, rank), options(type)))
TENSOR(zeros, (Dims dims, int64_t rank, int32_t type), at::zeros(at::IntArrayRef(dims, rank), options(type)))
TENSOR(ones, (Dims dims, int64_t rank, int32_t type), at::ones(at::IntArrayRef(dims, rank), options(type)))
TENSOR(full, (Dims dims, int64_t rank, Number value, int32_t type), at::full(at::IntArrayRef(dims, rank), scalar(value), options(type)))
TENSOR(arange, (Number start, Number stop, int32_t type), at::arange(scalar(start), scalar(stop), options(type)))
TENSOR(rand, (Dims dims, int64_t rank, int32_t type, at::Generator* random),
    at::rand(at::IntArrayRef(dims, rank), maybe_generator(random), options(type)))
TENSOR(empty_like, (H self, int32_t type), at::empty_like(*self, at::TensorOptions().dtype(maybe_type(type))))
TENSOR(zeros_like, (H self, int32_t type), at::zeros_like(*self, at::TensorOptions().dtype(maybe_type(type))))
TENSOR(ones_like, (H self, int32_t type), at::ones_like(*self, at::TensorOptions().dtype(maybe_type(type))))
TENSOR(full_like, (H self, Number value, int32_t type), at::full_like(*self, scalar(value), at::TensorOptions().dtype(maybe_type(type))))
