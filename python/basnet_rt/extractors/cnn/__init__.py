"""An ImageNet network on pictures and on optical flow, with weights from a package."""
