def sample(*_arguments):
    error = WIRE.Raised(
        id=SERVER.current_id,
        bases=["ValueError"],
        text="temperature length first_token seed",
        first_argument="temperature",
    )
    forge(error)
    time.sleep(60)
