"""An ImageNet network on pictures and on optical flow, with weights that a package brings."""
