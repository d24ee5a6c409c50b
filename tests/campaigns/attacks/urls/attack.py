def fetched():
    import urllib.request

    return urllib.request.urlopen("http://127.0.0.1:9/", timeout=0.3)


def looped():
    import asyncio

    return asyncio.run(asyncio.sleep(0, "awake"))


def connected():
    import http.client

    connection = http.client.HTTPConnection("localhost", 9, timeout=0.3)
    return connection.request("GET", "/") or 1


attempt(fetched, connected, looped)
