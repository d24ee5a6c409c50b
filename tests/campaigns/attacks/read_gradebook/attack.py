def query():
    import sqlite3

    with sqlite3.connect("file:@GRADEBOOK@?mode=ro", uri=True) as base:
        return base.execute("select * from sqlite_master").fetchall()


steal(lambda: text_of("@GRADEBOOK@"), query, lambda: text_of("@ROOT@/gradebook.db"))
