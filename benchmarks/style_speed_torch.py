"""The peer of `style_speed`: the same step in PyTorch. It needs nothing of the course."""

import json
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (64, 64, 0, 128, 128, 0, *[256] * 4, 0, *[512] * 4, 0, 512)  # 0: a pooling
STYLE = (0, 3, 6, 11, 16)
CONTENT = 12
SIZE = (300, 400)


def network() -> nn.ModuleList:
    """Return VGG-19 to conv5_1 with random weights."""
    layers: list[nn.Module] = []
    inputs = 3
    for width in WIDTHS:
        if width:
            layer = nn.Conv2d(inputs, width, 3, padding=1)
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
            layers.append(layer)
            inputs = width
        else:
            layers.append(nn.AvgPool2d(2, 2, ceil_mode=True))
    return nn.ModuleList(layers).requires_grad_(False)


def activations(layers: nn.ModuleList, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return the content layer and the style layers."""
    found = []
    for layer in layers:
        x = layer(x)
        x = functional.relu(x) if isinstance(layer, nn.Conv2d) else x
        found.append(x)
    return found[CONTENT], [found[index] for index in STYLE]


def gram(x: torch.Tensor) -> torch.Tensor:
    """Return the mean of f fᵀ."""
    rows = x.reshape(x.shape[1], -1)
    return rows @ rows.T / rows.shape[1]


def main() -> None:
    """Measure one variant: what it is called, how many steps."""
    variant, steps = sys.argv[1], int(sys.argv[2])
    torch.manual_seed(0)
    layout = torch.channels_last if "channels-last" in variant else torch.contiguous_format
    layers = network().to(memory_format=layout)

    def cast() -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled="bfloat16" in variant)

    def picture() -> torch.Tensor:
        return (torch.rand(1, 3, *SIZE) * 255 - 120).to(memory_format=layout)

    with torch.no_grad(), cast():
        content = activations(layers, picture())[0]
        style = [gram(x) for x in activations(layers, picture())[1]]

    def cost(x: torch.Tensor) -> torch.Tensor:
        mine, grams = activations(layers, x)
        total = 10 * ((mine - content).float() ** 2).sum() / (4 * mine.numel())
        for kept, wanted in zip(grams, style, strict=True):
            total = total + 8 * ((gram(kept) - wanted).float() ** 2).sum() / (
                4 * kept.shape[1] ** 2
            )
        return total

    compiled = torch.compile(cost) if "compiled" in variant else cost
    x = picture().requires_grad_(True)
    adam = torch.optim.Adam([x], lr=2.0)

    def step() -> None:
        adam.zero_grad()
        with cast():
            value = compiled(x)
        value.backward()
        adam.step()
        value.item()

    step()
    step()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"seconds": statistics.median(times), "least": min(times), "memory": memory}))


if __name__ == "__main__":
    main()
