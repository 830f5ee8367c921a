"""Draws labelled face clips from the ICT FaceKit 3D face model (Li et al. 2020, MIT licence)."""
