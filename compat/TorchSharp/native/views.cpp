// Shapes, views, indexing, joining and copies.
#include "standin.h"
#include <ATen/TensorIndexing.h>

TENSOR(view, (H self, Dims dims, int64_t rank), self->view(at::IntArrayRef(dims, rank)))
TENSOR(reshape, (H self, Dims dims, int64_t rank), self->reshape(at::IntArrayRef(dims, rank)))
TENSOR(permute, (H self, Dims dims, int64_t rank), self->permute(at::IntArrayRef(dims, rank)))
TENSOR(expand, (H self, Dims dims, int64_t rank, bool implicit), self->expand(at::IntArrayRef(dims, rank), implicit))
TENSOR(repeat, (H self, Dims dims, int64_t rank), self->repeat(at::IntArrayRef(dims, rank)))
TENSOR(flip, (H self, Dims dims, int64_t rank), self->flip(at::IntArrayRef(dims, rank)))
TENSOR(as_strided, (H self, Dims dims, int64_t rank, Dims strides, int64_t offset),
    self->as_strided(at::IntArrayRef(dims, rank), at::IntArrayRef(strides, rank), offset))
TENSOR(flatten, (H self, int64_t start, int64_t end), self->flatten(start, end))
TENSOR(unflatten, (H self, int64_t dim, Dims dims, int64_t rank), self->unflatten(dim, at::IntArrayRef(dims, rank)))
TENSOR(t, (H self), self->t())
TENSOR(transpose, (H self, int64_t dim0, int64_t dim1), self->transpose(dim0, dim1))
TENSOR(squeeze_all, (H self), self->squeeze())
TENSOR(squeeze, (H self, int64_t dim), self->squeeze(dim))
TENSOR(unsqueeze, (H self, int64_t dim), self->unsqueeze(dim))
TENSOR(narrow, (H self, int64_t dim, int64_t start, int64_t length), self->narrow(dim, start, length))
TENSOR(slice, (H self, int64_t dim, int64_t start, int64_t finish, int64_t step), self->slice(dim, start, finish, step))
TENSOR(select, (H self, int64_t dim, int64_t index), self->select(dim, index))
TENSOR(diagonal, (H self, int64_t offset, int64_t dim1, int64_t dim2), self->diagonal(offset, dim1, dim2))
TENSORS(split, (H self, int64_t size, int64_t dim), self->split(size, dim))
TENSORS(split_sizes, (H self, Dims sizes, int64_t count, int64_t dim), self->split_with_sizes(at::IntArrayRef(sizes, count), dim))
TENSORS(chunk, (H self, int64_t chunks, int64_t dim), self->chunk(chunks, dim))
TENSORS(unbind, (H self, int64_t dim), self->unbind(dim))
TENSOR(alias, (H self), self->alias())
TENSOR(block_diag, (H* items, int64_t count), at::block_diag(tensors(items, count)))
TENSOR(complex, (H real, H imaginary), at::complex(*real, *imaginary))
TENSOR(view_as_complex, (H self), at::view_as_complex(*self))
TENSOR(view_as_real, (H self), at::view_as_real(*self))
TENSOR(clone, (H self), self->clone())
TENSOR(contiguous, (H self), self->contiguous())
TENSOR(detach, (H self), self->detach())
CHANGE(detach_, (H self), self->detach_())
TENSOR(to_type, (H self, int32_t type, bool copy), self->to(static_cast<at::ScalarType>(type), false, copy))
CHANGE(copy_, (H self, H source), self->copy_(*source))
TENSOR(cat, (H* items, int64_t count, int64_t dim), at::cat(tensors(items, count), dim))
TENSOR(stack, (H* items, int64_t count, int64_t dim), at::stack(tensors(items, count), dim))
TENSOR(repeat_interleave, (H self, int64_t repeats, int64_t dim, int64_t size),
    self->repeat_interleave(repeats, maybe_int(dim), maybe_int(size)))
TENSOR(repeat_interleave_tensor, (H self, H repeats, int64_t dim, int64_t size),
    self->repeat_interleave(*repeats, maybe_int(dim), maybe_int(size)))
TENSOR(triu, (H self, int64_t diagonal), self->triu(diagonal))
TENSOR(tril, (H self, int64_t diagonal), self->tril(diagonal))
TENSOR(roll, (H self, Dims shifts, int64_t count, Dims dims, int64_t dim_count),
    self->roll(at::IntArrayRef(shifts, count), at::IntArrayRef(dims, dim_count)))

TENSOR(index_select, (H self, int64_t dim, H index), self->index_select(dim, *index))
TENSOR(gather, (H self, int64_t dim, H index), self->gather(dim, *index))
TENSOR(scatter, (H self, int64_t dim, H index, H source), self->scatter(dim, *index, *source))
CHANGE(scatter_, (H self, int64_t dim, H index, H source), self->scatter_(dim, *index, *source))
TENSOR(scatter_add, (H self, int64_t dim, H index, H source), self->scatter_add(dim, *index, *source))
CHANGE(scatter_add_, (H self, int64_t dim, H index, H source), self->scatter_add_(dim, *index, *source))
TENSOR(index_add, (H self, int64_t dim, H index, H source, Number alpha), self->index_add(dim, *index, *source, scalar(alpha)))
CHANGE(index_add_, (H self, int64_t dim, H index, H source, Number alpha), self->index_add_(dim, *index, *source, scalar(alpha)))
TENSOR(index_copy, (H self, int64_t dim, H index, H source), self->index_copy(dim, *index, *source))
CHANGE(index_copy_, (H self, int64_t dim, H index, H source), self->index_copy_(dim, *index, *source))
CHANGE(index_fill_, (H self, int64_t dim, H index, Number value), self->index_fill_(dim, *index, scalar(value)))
TENSOR(masked_fill, (H self, H mask, Number value), self->masked_fill(*mask, scalar(value)))
CHANGE(masked_fill_, (H self, H mask, Number value), self->masked_fill_(*mask, scalar(value)))
TENSOR(masked_select, (H self, H mask), self->masked_select(*mask))
TENSOR(where, (H self, H condition, H other), at::where(*condition, *self, *other))
TENSOR(nonzero, (H self), self->nonzero())

// One entry of t[...]; INT64_MIN marks a bound that was left out.
struct Index {
    int64_t kind; // 1 integer, 2 new axis, 3 ellipsis, 4 bool, 5 tensor, 6 slice
    int64_t start, stop, step;
    H tensor;
};

static std::vector<at::indexing::TensorIndex> indices(const Index* items, int64_t count)
{
    using at::indexing::TensorIndex;
    std::vector<TensorIndex> result;
    for (const Index* item = items; item < items + count; item++) {
        switch (item->kind) {
        case 1: result.emplace_back(item->start); break;
        case 2: result.emplace_back(at::indexing::None); break;
        case 3: result.emplace_back(at::indexing::Ellipsis); break;
        case 4: result.emplace_back(item->start != 0); break;
        case 5: result.emplace_back(*item->tensor); break;
        default: result.emplace_back(at::indexing::Slice(maybe_int(item->start), maybe_int(item->stop), maybe_int(item->step)));
        }
    }
    return result;
}

TENSOR(index, (H self, const Index* items, int64_t count), self->index(indices(items, count)))
CHANGE(index_put_, (H self, const Index* items, int64_t count, H value), self->index_put_(indices(items, count), *value))
CHANGE(index_put_number_, (H self, const Index* items, int64_t count, Number value), self->index_put_(indices(items, count), scalar(value)))
