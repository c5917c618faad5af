class GregorianToJalali:
    def __init__(self, gyear: int, gmonth: int, gday: int) -> None: ...
    def getJalaliList(self) -> tuple[int, int, int]: ...  # noqa: N802

class JalaliToGregorian:
    def __init__(self, jyear: int, jmonth: int, jday: int) -> None: ...
    def getGregorianList(self) -> tuple[int, int, int]: ...  # noqa: N802
