"""DBSE as published, written plainly to compare speed with: float32, default memory layout, LSTM cells step by step.

Sizes of the paper for MUG (Berman et al. 2024): 64 px, 64-128-256-512 channels, g 128, s 64, d 64, LSTM 256.
"""

import torch
from torch import Tensor, nn

S, D, G, H = 64, 64, 128, 256


def _down(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)]


def _up(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)]


class Transcription(nn.Module):
    """The published network and objective, one operation after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *_down(3, 64),
            *_down(64, 128),
            *_down(128, 256),
            *_down(256, 512),
            nn.Conv2d(512, G, 4),
            nn.BatchNorm2d(G),
            nn.Tanh(),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(S + D, 512, 4),
            nn.BatchNorm2d(512),
            nn.LeakyReLU(0.2, inplace=True),
            *_up(512, 256),
            *_up(256, 128),
            *_up(128, 64),
            nn.ConvTranspose2d(64, 3, 4, 2, 1),
            nn.Sigmoid(),
        )
        self.static_hidden = nn.Linear(G, H)
        self.static_mean, self.static_log_variance = nn.Linear(H, S), nn.Linear(H, S)
        self.posterior = nn.LSTM(G, D, num_layers=2, bidirectional=True, batch_first=True)
        self.dynamics_mean, self.dynamics_log_variance = nn.Linear(2 * D, D), nn.Linear(2 * D, D)
        self.first, self.second = nn.LSTMCell(D, H), nn.LSTMCell(H, H)
        self.prior_mean, self.prior_log_variance = nn.Linear(H, D), nn.Linear(H, D)

    def encode(self, clip: Tensor) -> tuple[Tensor, ...]:
        """Means and log-variances of s and d."""
        features = self.encoder(clip.flatten(0, 1)).view(*clip.shape[:2], G)
        hidden = torch.tanh(self.static_hidden(features[:, 0]))
        noise = torch.randn_like(features[:, :1])
        read, _ = self.posterior(torch.cat([noise, features[:, 1:] - features[:, :1]], dim=1))
        return (
            self.static_mean(hidden),
            self.static_log_variance(hidden),
            self.dynamics_mean(read),
            self.dynamics_log_variance(read),
        )

    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        codes = torch.cat([dynamics, static[:, None].expand(-1, dynamics.shape[1], -1)], dim=2)
        return self.decoder(codes.flatten(0, 1)[:, :, None, None]).view(*dynamics.shape[:2], 3, 64, 64)

    def prior(self, count: int, time: int, given: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Draws, means and log-variances along a path of the prior's own, or along given dynamics."""
        step = torch.zeros(count, D)
        states = [torch.zeros(count, H) for _ in range(4)]
        draws, means, log_variances = [], [], []
        for index in range(time):
            states[0], states[1] = self.first(step, (states[0], states[1]))
            states[2], states[3] = self.second(states[0], (states[2], states[3]))
            mean, log_variance = self.prior_mean(states[2]), self.prior_log_variance(states[2])
            draw = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
            step = draw if given is None else given[:, index]
            draws.append(draw)
            means.append(mean)
            log_variances.append(log_variance)
        return torch.stack(draws, 1), torch.stack(means, 1), torch.stack(log_variances, 1)

    def loss(self, clip: Tensor) -> Tensor:
        s_mean, s_log_variance, d_mean, d_log_variance = self.encode(clip)
        static = s_mean + torch.randn_like(s_mean) * torch.exp(0.5 * s_log_variance)
        dynamics = d_mean + torch.randn_like(d_mean) * torch.exp(0.5 * d_log_variance)
        _, p_mean, p_log_variance = self.prior(*dynamics.shape[:2], dynamics)
        error = (self.decode(static, dynamics) - clip).square().sum(dim=(2, 3, 4))
        kl_static = 0.5 * (s_log_variance.exp() + s_mean.square() - 1 - s_log_variance).sum(dim=1)
        spread = (d_log_variance - p_log_variance).exp() + (d_mean - p_mean).square() * torch.exp(-p_log_variance)
        kl_dynamics = 0.5 * (p_log_variance - d_log_variance + spread - 1).sum(dim=(1, 2))
        return (87 * error[:, 1:].sum(dim=1) + 30 * error[:, 0] + 15 * kl_static + kl_dynamics).mean()
