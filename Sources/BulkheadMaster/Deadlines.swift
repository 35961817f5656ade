/// How long each kind of child may owe an answer.
enum Deadlines {
    /// From its launch until the input is open: the source has time-outs of its own, which say more.
    static let openingInput = Duration.seconds(30)
    /// From when its input is open until a kill from outside may be the place's fault after all: memory it asks for.
    static let blamingPlace = Duration.seconds(2)
    /// Without a word while it has slots to fill.
    static let delivering = Duration.seconds(3)
    /// From the last tick until all is encoded, and from there until all is sent.
    static let ending = Duration.seconds(10)
}
