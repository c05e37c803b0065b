# SPDX-License-Identifier: GPL-2.0-or-later
"""What is frozen into the image: the package `hsm`, and nothing else."""

package("hsm", base_path="$(FIRMWARE_DIR)")  # noqa: F821 - the manifest language's own function
