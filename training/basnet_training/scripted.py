"""The inference network of a bundle: only the localizing branch, as matrix products.

It is scripted, so annotations follow TorchScript. `forward` is for whole videos; `initial_state`,
`step` and `flush` are for a stream, chunk by chunk, and compute every snippet once.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .network import BaSNet
from .three_tap import ThreeTap

Output = tuple[Tensor, Tensor, Tensor, Tensor]
StepOutput = tuple[Tensor, Tensor, Tensor, list[Tensor]]


class InferenceNetwork(nn.Module):
    """The module that TorchScript compiles into a bundle.

    Args:
        network: trained; of any variant.
        activation: kind of the first output: "raw", "softmax", "sigmoid" or "fused".
        dtype: of the weights, float32 or bfloat16. Inputs, outputs, the filter's last layer and the
            classifier are always float32.
    """

    filter_weight: Tensor  # F, hidden
    filter_bias: Tensor  # hidden
    filter_out_weight: Tensor  # hidden, 1
    filter_out_bias: Tensor  # 1
    classifier: Tensor  # H, outputs
    projection_weight: Tensor  # F, D
    projection_bias: Tensor  # D

    def __init__(self, network: BaSNet, activation: str, dtype: torch.dtype) -> None:
        super().__init__()
        self.activation = activation
        self.sigmoid_scores = network.score_function == "sigmoid"
        self.has_projection = network.projection is not None
        self.feature_dim, self.num_classes = network.feature_dim, network.num_classes
        self.topk_divisor = network.topk_divisor
        self.constant_background = network.variant == "no_background"
        self.background_logit = network.background_logit
        self.has_filter = network.filter_module is not None
        weights = network.state_dict()
        projection = _projection_weights(weights, self.has_projection)
        self.register_buffer("projection_weight", projection[0])
        self.register_buffer("projection_bias", projection[1])
        first, last = _filter_weights(weights, self.has_filter, dtype)
        self.width = int(weights["cas_module.conv_1.0.weight"].size(1))  # D, or F without a layer
        self.register_buffer("filter_weight", first[0])
        self.register_buffer("filter_bias", first[1])
        self.register_buffer("filter_out_weight", last[0])
        self.register_buffer("filter_out_bias", last[1])
        self.first = _three_tap(weights, "cas_module.conv_1.0", dtype)
        self.second = _three_tap(weights, "cas_module.conv_2.0", dtype)
        classifier = weights["cas_module.conv_3.0.weight"].squeeze(2).t().contiguous()
        self.register_buffer("classifier", classifier)

    def forward(self, features: Tensor) -> Output:
        """Whole videos of one length.

        Args:
            features: (B, T, F) float32, T >= 1.

        Returns:
            activations (B, T, C), video scores (B, C), foreground (B, T), cas (B, T, C+1);
            float32.
        """
        self.check(features)
        foreground, rows = self.suppress(self.project(features))
        hidden = self.hidden_of(F.pad(rows, [0, 0, 1, 1]))
        cas = self.classify(F.pad(hidden, [0, 0, 1, 1]))
        best = max(1, cas.size(1) // self.topk_divisor)
        means = cas.topk(best, dim=1)[0].mean(dim=1)
        scores = means.sigmoid() if self.sigmoid_scores else means.softmax(dim=1)
        return self.activate(cas, foreground), scores[:, : self.num_classes], foreground, cas

    @torch.jit.export
    def initial_state(self, batch: int) -> list[Tensor]:
        """State of `batch` streams before their first snippet; first dimension B everywhere.

        [seen (B,) int64, foreground (B, 2), suppressed inputs (B, 2, D), hidden (B, 2, H)]; the
        last two of each, with zeros before the stream's start.
        """
        seen = torch.zeros([batch], dtype=torch.int64, device=self.classifier.device)
        foreground = torch.zeros([batch, 2], device=self.classifier.device)
        like = self.first.bias
        rows = like.new_zeros([batch, 2, self.width])
        return [seen, foreground, rows, like.new_zeros([batch, 2, self.first.bias.size(0)])]

    @torch.jit.export
    def step(self, features: Tensor, state: list[Tensor]) -> StepOutput:
        """Process the next N >= 1 snippets of every stream.

        A snippet is certain once two more have been seen, so a stream with s earlier snippets gets
        m = max(0, min(N, s + N - 2)) rows. M is the largest m of the batch; a stream with a smaller
        m has its rows at the end, and zeros before them.

        Args:
            features: (B, N, F) float32.
            state: of `initial_state` or the last `step`; left unchanged.

        Returns:
            activations (B, M, C), foreground (B, M), cas (B, M, C+1), next state.
        """
        self.check(features)
        seen, old_foreground, old_rows, old_hidden = state[0], state[1], state[2], state[3]
        foreground, rows = self.suppress(self.project(features))
        foreground = torch.cat([old_foreground, foreground], dim=1)  # B, N + 2
        rows = torch.cat([old_rows, rows], dim=1)
        hidden = self.hidden_of(rows)  # of the snippets seen - 1 .. seen + N - 2
        if bool((seen == 0).any()):  # snippet -1 of a new stream is padding, not a convolution
            hidden = torch.cat([hidden[:, :1] * (seen > 0).view(-1, 1, 1), hidden[:, 1:]], dim=1)
        hidden = torch.cat([old_hidden, hidden], dim=1)  # of seen - 3 .. seen + N - 2
        state = [seen + features.size(1), foreground[:, -2:], rows[:, -2:], hidden[:, -2:]]
        out = self.emit(hidden, foreground[:, :-2], seen - 2)
        return out[0], out[1], out[2], state

    @torch.jit.export
    def flush(self, state: list[Tensor]) -> StepOutput:
        """End every stream: compute its last two snippets, or all of them if it has fewer.

        Returns as `step`; the returned state is that of new streams.
        """
        seen, foreground = state[0], state[1]
        hidden = self.hidden_of(F.pad(state[2], [0, 0, 0, 1]))  # of snippet seen - 1
        hidden = F.pad(torch.cat([state[3], hidden], dim=1), [0, 0, 0, 1])
        out = self.emit(hidden, foreground, seen - 2)
        return out[0], out[1], out[2], self.initial_state(seen.size(0))

    @torch.jit.export
    def check(self, features: Tensor) -> None:
        if features.dim() != 3 or features.size(1) < 1 or features.size(2) != self.feature_dim:
            raise ValueError(
                f"features: expected a shape (B, T, {self.feature_dim}) with T >= 1, "
                f"got {features.size()}"
            )

    @torch.jit.export
    def project(self, features: Tensor) -> Tensor:
        """(B, N, F) to (B, N, D), in float32; the features themselves without a projection."""
        if not self.has_projection:
            return features
        flat = features.reshape(-1, self.feature_dim)
        flat = torch.addmm(self.projection_bias.float(), flat, self.projection_weight.float())
        return flat.view(features.size(0), features.size(1), self.width)

    @torch.jit.export
    def suppress(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Foreground (B, T), and inputs weighted by it (B, T, D) in the weights' dtype."""
        if not self.has_filter:
            ones = torch.ones(features.shape[:2], device=features.device)
            return ones, features.to(self.first.bias.dtype)
        flat = features.reshape(-1, self.width).to(self.filter_weight.dtype)
        hidden = torch.addmm(self.filter_bias, flat, self.filter_weight)
        hidden = F.leaky_relu_(hidden).float()
        logits = torch.addmm(self.filter_out_bias.float(), hidden, self.filter_out_weight.float())
        foreground = logits.sigmoid().view(features.size(0), features.size(1))
        return foreground, (features * foreground.unsqueeze(2)).to(self.first.bias.dtype)

    @torch.jit.export
    def hidden_of(self, rows: Tensor) -> Tensor:
        """(B, N + 2, D) to (B, N, H): the first convolution and its LeakyReLU."""
        return F.leaky_relu_(self.first(rows))

    @torch.jit.export
    def classify(self, hidden: Tensor) -> Tensor:
        """(B, N + 2, H) to CAS (B, N, C+1) float32: the second convolution and the classifier."""
        second = F.leaky_relu_(self.second(hidden))
        cas = torch.matmul(second.float(), self.classifier.float())
        if self.constant_background:
            cas = F.pad(cas, [0, 1], value=self.background_logit)
        return cas

    @torch.jit.export
    def activate(self, cas: Tensor, foreground: Tensor) -> Tensor:
        """Activations (B, N, C) of the kind chosen at export."""
        if self.activation == "raw":
            return cas[:, :, : self.num_classes].contiguous()
        if self.activation == "sigmoid":
            return cas[:, :, : self.num_classes].sigmoid()
        probabilities = cas.softmax(dim=2)[:, :, : self.num_classes]
        if self.activation == "softmax":
            return probabilities.contiguous()
        return (probabilities + foreground.unsqueeze(2)) * 0.5

    @torch.jit.export
    def emit(
        self, hidden: Tensor, foreground: Tensor, first: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs of the snippets `first` (B,) and on; those before a stream's start are left out.

        hidden (B, N + 2, H), foreground (B, N).
        """
        skip = min(int(torch.clamp(-first, min=0).min()), foreground.size(1))
        hidden, foreground, first = hidden[:, skip:], foreground[:, skip:], first + skip
        if foreground.size(1) == 0:
            cas = torch.zeros(
                [first.size(0), 0, self.num_classes + 1], device=self.classifier.device
            )
            return cas[:, :, 1:], foreground, cas
        cas = self.classify(hidden)
        activations = self.activate(cas, foreground)
        if bool((first < 0).any()):  # some streams of the batch have just begun
            places = torch.arange(cas.size(1), device=cas.device)
            real = (first.unsqueeze(1) + places >= 0).unsqueeze(2)
            cas, activations = cas * real, activations * real
            foreground = foreground * real.squeeze(2)
        return activations, foreground, cas


Weights = tuple[Tensor, Tensor]


def _projection_weights(weights: dict[str, Tensor], present: bool) -> Weights:
    if not present:
        return torch.zeros(0, 0), torch.zeros(0)
    return weights["projection.weight"].t().contiguous(), weights["projection.bias"]


def _filter_weights(
    weights: dict[str, Tensor], present: bool, dtype: torch.dtype
) -> tuple[Weights, Weights]:
    if not present:
        nothing = torch.zeros(0, 0)
        return (nothing, nothing), (nothing, nothing)
    first, last = "filter_module.conv_1.0", "filter_module.conv_2.0"
    hidden = weights[f"{first}.weight"].squeeze(2).t().contiguous().to(dtype)
    out = weights[f"{last}.weight"].squeeze(2).t().contiguous()
    return (hidden, weights[f"{first}.bias"].to(dtype)), (out, weights[f"{last}.bias"])


def _three_tap(weights: dict[str, Tensor], name: str, dtype: torch.dtype) -> ThreeTap:
    return ThreeTap(weights[f"{name}.weight"], weights[f"{name}.bias"], dtype)
